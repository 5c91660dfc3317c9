"""How many demonstrations of a scene are made, and what cannot be asked for together."""

import pytest

from ivg.cli.dataset import main
from ivg.errors import InputError
from ivg.policy.sampling import SAMPLES
from ivg.workflows.episodes.attempts import resolve_samples


@pytest.mark.parametrize(
    ("samples", "depth", "resolved"),
    [(None, True, SAMPLES), (None, False, 1), (7, True, 7), (1, True, 1), (1, False, 1)],
)
def test_how_many_demonstrations_are_made(samples, depth, resolved):
    assert resolve_samples(samples, depth) == resolved


@pytest.mark.parametrize(
    ("samples", "depth", "message"),
    [
        (0, True, "samples must be positive, got 0"),
        (-2, False, "samples must be positive, got -2"),
        (2, False, "2 samples cannot be compared without depth; ask for 1"),
    ],
)
def test_what_does_not_go_together_is_refused(samples, depth, message):
    with pytest.raises(InputError, match=message):
        resolve_samples(samples, depth)


def test_the_commands_take_them(tmp_path, capsys):
    clash = ["generate", "--out", str(tmp_path / "d.zarr"), "--samples", "3", "--no-depth"]
    assert main([*clash, "--episodes", "1"]) == 2
    assert "3 samples cannot be compared" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
