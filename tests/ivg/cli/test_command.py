"""How commands end and what they write."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ivg.cli.shared.command import BAD_REQUEST, INTERRUPTED, run_command, write_json
from ivg.envs.errors import EnvsError
from ivg.errors import InputError
from ivg.io.checks import check_positive


def raising(error: BaseException) -> Callable[[], None]:
    def action() -> None:
        raise error

    return action


@pytest.mark.parametrize("error", [InputError("no such task"), EnvsError("no such task")])
def test_a_wrong_request_is_one_line_and_code_2(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command("ivg-x", raising(error)) == BAD_REQUEST
    assert capsys.readouterr().err == "ivg-x: no such task\n"


def test_ctrl_c_has_the_shells_code() -> None:
    assert run_command("ivg-x", raising(KeyboardInterrupt())) == INTERRUPTED


def test_bugs_keep_their_trace() -> None:
    with pytest.raises(ZeroDivisionError):
        run_command("ivg-x", raising(ZeroDivisionError()))


def test_figures_go_to_a_file_or_to_stdout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_json({"rate": 0.5}, tmp_path / "new" / "figures.json")
    assert json.loads((tmp_path / "new" / "figures.json").read_text()) == {"rate": 0.5}
    write_json({"rate": 0.5}, Path("-"))
    assert json.loads(capsys.readouterr().out) == {"rate": 0.5}
    write_json({"rate": 0.5}, None)


def test_positive_options() -> None:
    check_positive(clips=1)
    with pytest.raises(InputError, match="seed_offset must be positive, got 0"):
        check_positive(clips=2, seed_offset=0)
