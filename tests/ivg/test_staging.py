"""Staged output is there whole or not at all."""

import pytest

from ivg.errors import InputError
from ivg.staging import staged_output


def everything(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_file_appears_at_the_end(tmp_path):
    with staged_output(tmp_path / "new" / "a.txt") as stage:
        stage.write_text("whole")
        assert not (tmp_path / "new" / "a.txt").exists()
    assert (tmp_path / "new" / "a.txt").read_text() == "whole"
    assert everything(tmp_path) == ["new", "new/a.txt"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_failure_leaves_nothing(tmp_path, error):
    with pytest.raises(error), staged_output(tmp_path / "deep" / "er" / "out") as stage:
        stage.mkdir()
        (stage / "half.txt").write_text("half")
        raise error
    assert everything(tmp_path) == []


@pytest.mark.parametrize("folder", [True, False])
def test_failure_leaves_what_was_there(tmp_path, folder):
    target = tmp_path / "out"
    if folder:
        target.mkdir()
        (target / "old.txt").write_text("old")
    else:
        target.write_text("old")
    before = everything(tmp_path)
    with pytest.raises(RuntimeError), staged_output(target, overwrite=True) as stage:
        stage.write_text("half")
        raise RuntimeError
    assert everything(tmp_path) == before


@pytest.mark.parametrize("old_is_folder", [True, False])
@pytest.mark.parametrize("new_is_folder", [True, False])
def test_overwriting_replaces_all(tmp_path, old_is_folder, new_is_folder):
    target = tmp_path / "out"
    if old_is_folder:
        target.mkdir()
        (target / "old.txt").write_text("old")
    else:
        target.write_text("old")
    with staged_output(target, overwrite=True) as stage:
        if new_is_folder:
            stage.mkdir()
            (stage / "new.txt").write_text("new")
        else:
            stage.write_text("new")
    assert everything(tmp_path) == (["out", "out/new.txt"] if new_is_folder else ["out"])


def test_what_exists_is_not_touched_unasked(tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(InputError, match="exists already"), staged_output(tmp_path / "out"):
        pytest.fail("the block must not run")
    assert (tmp_path / "out").read_text() == "mine"


def test_a_target_that_appears_meanwhile_is_not_replaced(tmp_path):
    with pytest.raises(InputError, match="exists already"), staged_output(tmp_path / "out") as stage:
        stage.write_text("ours")
        (tmp_path / "out").write_text("theirs")
    assert (tmp_path / "out").read_text() == "theirs"
    assert everything(tmp_path) == ["out"]


def test_a_place_that_cannot_be_written_to_is_an_input_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write"), staged_output(tmp_path / "file" / "out"):
        pytest.fail("the block must not run")
