"""Staged output is there whole or not at all."""

import contextlib
import os
import threading
import time

import numpy as np
import pytest

from ivg.errors import InputError
from ivg.io import staging
from ivg.io.staging import clear_leftovers, exchange, new_array, staged_output, write_text_whole


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


def folder_with(path, text):
    path.mkdir()
    (path / "file.txt").write_text(text)
    return path


def test_two_folders_change_places_at_once(tmp_path):
    first, second = folder_with(tmp_path / "a", "first"), folder_with(tmp_path / "b", "second")
    if not exchange(first, second):
        pytest.skip("this file system cannot exchange two paths in one step")
    assert ((first / "file.txt").read_text(), (second / "file.txt").read_text()) == ("second", "first")
    with pytest.raises(FileNotFoundError):
        exchange(first, tmp_path / "nothing")


def test_without_an_exchange_it_is_done_in_two_steps(tmp_path, monkeypatch):
    monkeypatch.setattr(staging, "exchange", lambda first, second: False)
    target = folder_with(tmp_path / "out", "old")
    with staged_output(target, overwrite=True) as stage:
        folder_with(stage, "new")
    assert (target / "file.txt").read_text() == "new"
    assert everything(tmp_path) == ["out", "out/file.txt"]


def test_who_was_killed_between_the_two_steps_left_the_old_one(tmp_path):
    target = tmp_path / "out.zarr"
    folder_with(tmp_path / ".0a1b2c3d.old.out.zarr", "old")
    folder_with(tmp_path / ".4e5f6a7b.partial.out.zarr", "half")
    folder_with(tmp_path / ".4e5f6a7b.partial.out.zarr.folder", "half")
    folder_with(tmp_path / ".4e5f6a7b.partial.another.zarr", "somebody else's")
    clear_leftovers(target)
    assert (target / "file.txt").read_text() == "old"
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [".4e5f6a7b.partial.another.zarr", "out.zarr"]


def test_leftovers_do_not_take_the_place_of_what_is_there(tmp_path):
    target = folder_with(tmp_path / "out.zarr", "new")
    folder_with(tmp_path / ".0a1b2c3d.old.out.zarr", "old")
    clear_leftovers(target)
    assert everything(tmp_path) == ["out.zarr", "out.zarr/file.txt"]
    assert (target / "file.txt").read_text() == "new"


def test_a_text_takes_the_place_of_another_through_a_link(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "a.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to(tmp_path / "there" / "a.txt")
    write_text_whole(tmp_path / "link.txt", "new")
    assert (tmp_path / "there" / "a.txt").read_text() == "new"
    assert everything(tmp_path) == ["link.txt", "there", "there/a.txt"]


def test_what_is_no_file_is_written_to_and_stays_what_it_is(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    write_text_whole(tmp_path / "pipe", "words")
    assert os.read(reader, 99) == b"words"
    os.close(reader)
    assert everything(tmp_path) == ["pipe"]


def test_a_new_array_is_zero_and_is_read_back(tmp_path):
    array = new_array(tmp_path / "a.npy", np.float32, (2, 3))
    assert not array.any()
    array[1] = 7
    del array
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), [[0, 0, 0], [7, 7, 7]])


def test_a_thread_that_still_writes_when_a_block_fails_leaves_nothing(tmp_path):
    def write(stage, count=30):
        for number in range(count):
            with contextlib.suppress(OSError):  # the folder may go in between
                stage.mkdir(exist_ok=True)
                (stage / f"{number}.bin").write_bytes(b"late")
            time.sleep(0.005)

    with pytest.raises(OSError, match="full"), staged_output(tmp_path / "out") as stage:
        thread = threading.Thread(target=write, args=(stage,))
        thread.start()
        while not stage.exists():
            time.sleep(0.001)
        raise OSError("the disk is full")
    thread.join()
    assert everything(tmp_path) == []
