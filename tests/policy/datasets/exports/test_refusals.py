"""What cannot be written is refused with a reason, and nothing is left half-written."""

import sys
import weakref

import h5py
import numpy as np
import pytest
import zarr

from ivg.errors import InputError, StoreError
from ivg.policy.datasets.exports.lerobot.writer import export_lerobot
from ivg.policy.datasets.exports.minari import export_minari
from ivg.policy.datasets.exports.replay_buffer import check_replay_buffer, export_replay_buffer
from ivg.policy.datasets.exports.robomimic import export_robomimic, split

WRITERS = {
    "lerobot": lambda path, episodes, **more: export_lerobot(path, episodes, **more),
    "robomimic": lambda path, episodes, **more: export_robomimic(path, episodes, **more),
    "minari": lambda path, episodes, **more: export_minari(path, episodes, "ivg/kitchen/made-up-v0", **more),
    "zarr": lambda path, episodes, **more: export_replay_buffer(path.with_suffix(".zarr"), episodes, **more),
}
EVERY = pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)


def left(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@EVERY
def test_there_is_all_or_nothing(tmp_path, episodes, write):
    def breaks():
        yield episodes[0]
        yield episodes[1]
        raise RuntimeError("the source broke")

    with pytest.raises(RuntimeError, match="the source broke"):
        write(tmp_path / "out", breaks())
    assert left(tmp_path) == []
    with pytest.raises(InputError, match="no robot episode to write"):
        write(tmp_path / "out", iter([]))
    assert left(tmp_path) == []


@pytest.mark.parametrize("name", ["lerobot", "robomimic", "minari"])
def test_what_stands_there_is_replaced_only_if_asked(tmp_path, episodes, name):
    write = WRITERS[name]
    write(tmp_path / "out", iter(episodes))
    before = left(tmp_path)
    with pytest.raises(InputError, match="exists already"):
        write(tmp_path / "out", iter(episodes[:1]))
    assert left(tmp_path) == before
    write(tmp_path / "out", iter(episodes[:1]), overwrite=True)
    assert not [name for name in left(tmp_path) if "partial" in name or ".old." in name]


@pytest.mark.parametrize("name", ["lerobot", "robomimic", "minari"])
def test_episodes_are_drawn_one_by_one(tmp_path, make, name):
    """The first is kept for comparison, the last is at work, and nothing else is held."""
    alive, most = [], 0

    def source():
        nonlocal most
        for seed in range(8):
            episode = make(seed, 2)
            alive.append(weakref.ref(episode))
            yield episode
            del episode
            most = max(most, sum(ref() is not None for ref in alive))

    WRITERS[name](tmp_path / "out", source())
    assert most <= 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fps": 12.5}, "whole number of steps per second, got 12.5"),
        ({"height": 41}, "even height and width, got 41 x 48: use PNG"),
    ],
)
def test_what_lerobot_cannot_hold(tmp_path, make, changes, message):
    with pytest.raises(InputError, match=message):
        export_lerobot(tmp_path / "out", [make(0, **changes)])
    assert left(tmp_path) == []


def test_odd_pictures_go_as_png(tmp_path, make):
    assert (export_lerobot(tmp_path / "out", [make(0, height=41)], images="png") / "data").is_dir()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fps": 10.0}, "one number of steps per second: 20, got 10"),
        ({"height": 42}, "one size: .40, 48., got .42, 48"),
    ],
)
def test_episodes_that_differ(tmp_path, make, changes, message):
    with pytest.raises(InputError, match=message):
        export_lerobot(tmp_path / "out", [make(0), make(1, **changes)])


def test_wrong_options(tmp_path, episodes):
    with pytest.raises(InputError, match="did you mean 'png'"):
        export_lerobot(tmp_path / "out", episodes, images="pngs")
    with pytest.raises(InputError, match="camera's name"):
        export_lerobot(tmp_path / "out", episodes, camera="a/b")
    with pytest.raises(InputError, match="namespace/env/name-v0"):
        export_minari(tmp_path / "out", episodes, "kitchen-v0")
    with pytest.raises(InputError, match=r"in \[0, 1\), got 1"):
        export_robomimic(tmp_path / "out", episodes, valid=1.0)


@pytest.mark.parametrize(("write", "module"), [("lerobot", "pyarrow"), ("robomimic", "h5py"), ("minari", "h5py")])
def test_a_missing_package_is_named(tmp_path, episodes, monkeypatch, write, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(InputError, match=rf"needs {module}: pip install 'ivg\[{write}\]'"):
        WRITERS[write](tmp_path / "out", episodes)
    assert left(tmp_path) == []


@pytest.mark.parametrize(
    ("count", "share", "held_out"), [(1, 0.1, 0), (2, 0.1, 1), (30, 0.1, 3), (30, 0, 0), (3, 0.9, 2)]
)
def test_train_and_valid_divide_the_episodes(count, share, held_out):
    train, valid = split(count, share)
    assert sorted(train + valid) == list(range(count))
    assert len(valid) == held_out
    assert (train, valid) == split(count, share)


def test_robomimics_masks_name_demos(tmp_path, make):
    path = export_robomimic(tmp_path / "r.hdf5", (make(seed, 2) for seed in range(5)), valid=0.4)
    with h5py.File(path) as file:
        names = {key: [name.decode() for name in file[f"mask/{key}"]] for key in ("train", "valid")}
        assert sorted(names["train"] + names["valid"]) == sorted(file["data"])
        assert len(names["valid"]) == 2
        assert file["data"].attrs["total"] == 10


def broken(path, what):
    group = zarr.open_group(str(path), mode="r+", zarr_format=2)
    what(group)
    return path


@pytest.mark.parametrize(
    ("what", "message"),
    [
        (lambda group: group["data"].create_group("inner"), "data holds the group inner"),
        (lambda group: group["data/action"].resize((24, 7)), "data/action must have 25 rows"),
        (lambda group: group["meta/episode_ends"].__setitem__(1, 12), "must grow"),
        (
            lambda group: group["data"].create_array("extra", shape=(25, 4), chunks=(25, 2), dtype="f4"),
            "chunks that split time only",
        ),
        (
            lambda group: group["data"].create_array("extra", shape=(25, 4), chunks=(25, 4), dtype="f8"),
            "must be uint8 .* or float32",
        ),
    ],
)
def test_broken_rules_of_the_replay_buffer_are_found(dataset, what, message):
    check_replay_buffer(dataset)
    with pytest.raises(StoreError, match=message):
        check_replay_buffer(broken(dataset, what))


def test_what_is_no_zarr_is_no_replay_buffer(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros(3))
    with pytest.raises(StoreError, match="no zarr group"):
        check_replay_buffer(tmp_path / "nowhere.zarr")
