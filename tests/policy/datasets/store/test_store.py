"""Datasets: the layout of diffusion_policy's ReplayBuffer, appending, and all or nothing."""

import json

import numpy as np
import pytest
import zarr

from ivg.errors import InputError, StoreError
from ivg.policy import DemonstrationStore, append_demonstrations, write_demonstrations
from ivg.policy.datasets.store.layout import CHUNK_BYTES

ENDINGS = pytest.mark.parametrize("ending", [".zarr", ".zarr.zip"])


def contents(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def clips(path):
    with DemonstrationStore(path) as store:
        return [demonstration.clip.tobytes() for demonstration in store]


def dataset(tmp_path, make, count=3, ending=".zarr", **sizes):
    lengths = (16, 5, 9, 16, 1)
    return write_demonstrations(tmp_path / f"d{ending}", [make(i, lengths[i % 5], **sizes) for i in range(count)])


def test_it_is_zarr_format_2_as_the_replay_buffer_lays_it_out(tmp_path, make):
    path = dataset(tmp_path, make)
    root = zarr.open_group(str(path), mode="r", zarr_format=2)
    assert set(root.group_keys()) == {"data", "meta"}
    assert not list(root["data"].group_keys())
    ends = root["meta/episode_ends"]
    assert (ends.dtype, ends[:].tolist()) == (np.int64, [16, 21, 30])
    for key, array in root["data"].arrays():
        assert array.shape[0] == ends[-1], key
        assert array.chunks[1:] == array.shape[1:], key
        assert np.prod(array.chunks) * array.dtype.itemsize <= CHUNK_BYTES, key
        is_picture = array.ndim == 4 and array.shape[-1] in (1, 3)
        assert array.dtype == (np.uint8 if is_picture else np.float32), key


def test_the_files_say_so_too(tmp_path, make):
    path = dataset(tmp_path, make)
    assert json.loads((path / ".zgroup").read_text()) == {"zarr_format": 2}
    image = json.loads((path / "data" / "image" / ".zarray").read_text())
    assert image["zarr_format"] == 2
    assert image["compressor"]["id"] == "blosc"
    assert image["compressor"]["cname"] == "lz4"
    assert image["order"] == "C"
    ends = json.loads((path / "meta" / "episode_ends" / ".zarray").read_text())
    assert (ends["compressor"], ends["filters"], ends["dtype"]) == (None, None, "<i8")


def test_episode_ends_can_be_read_with_numpy_alone(tmp_path, make):
    path = dataset(tmp_path, make)
    raw = np.frombuffer((path / "meta" / "episode_ends" / "0").read_bytes(), "<i8")
    assert raw[:3].tolist() == [16, 21, 30]


@ENDINGS
def test_absent_hands_are_nan_in_the_file(tmp_path, make, ending):
    path = write_demonstrations(tmp_path / f"d{ending}", [make(0)])
    store = zarr.storage.ZipStore(path, mode="r") if ending.endswith("zip") else str(path)
    root = zarr.open_group(store, mode="r", zarr_format=2)
    absent = root["data/present"][:] == 0
    assert absent.any()
    assert np.isnan(root["data/keypoints"][:][absent]).all()
    root.store.close()


@ENDINGS
def test_appended_episodes_follow_the_others(tmp_path, make, ending):
    path = dataset(tmp_path, make, 40, ending)
    append_demonstrations(path, [make(100), make(101, 3)])
    append_demonstrations(path, iter([make(102)]))
    with DemonstrationStore(path) as store:
        assert len(store) == 43
        assert [d.provenance["seed"] for d in store] == [*range(40), 100, 101, 102]
        assert store[-2].clip.tobytes() == make(101, 3).clip.tobytes()
        np.testing.assert_array_equal(store[41].keypoints, make(101, 3).keypoints)


def test_appending_across_many_chunks_changes_no_earlier_row(tmp_path, make):
    path = dataset(tmp_path, make, 6, height=200, width=200)
    before = clips(path)
    assert len(list((path / "data" / "image").glob("[0-9]*"))) >= 3
    append_demonstrations(path, [make(9, height=200, width=200)])
    assert clips(path)[:6] == before
    assert len(clips(path)) == 7


def test_an_append_that_fails_leaves_the_dataset_as_it_was(tmp_path, make):
    def failing():
        yield make(7)
        raise RuntimeError("the generator broke")

    path = dataset(tmp_path, make)
    before = contents(tmp_path)
    with pytest.raises(RuntimeError, match="broke"):
        append_demonstrations(path, failing())
    with pytest.raises(InputError, match="image size"):
        append_demonstrations(path, [make(7), make(8, height=24)])
    assert contents(tmp_path) == before


@ENDINGS
@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_write_that_fails_leaves_nothing(tmp_path, make, ending, error):
    def failing():
        yield from (make(i) for i in range(40))
        raise error

    with pytest.raises(error):
        write_demonstrations(tmp_path / f"d{ending}", failing())
    assert not list(tmp_path.iterdir())


@ENDINGS
def test_success_leaves_only_the_dataset(tmp_path, make, ending):
    path = dataset(tmp_path, make, ending=ending)
    append_demonstrations(path, [make(7)])
    assert list(tmp_path.iterdir()) == [path]


def test_two_writers_do_not_lose_each_others_episodes(tmp_path, make):
    path = dataset(tmp_path, make)

    def another_writer_meanwhile():
        yield make(7)
        append_demonstrations(path, [make(8)])

    with pytest.raises(StoreError, match="another writer"):
        append_demonstrations(path, another_writer_meanwhile())
    with DemonstrationStore(path) as store:
        assert store[-1].provenance["seed"] == 8
        assert len(store) == 4


def test_appending_to_nothing_writes(tmp_path, make):
    assert len(clips(append_demonstrations(tmp_path / "d.zarr", [make(0)]))) == 1


def test_nothing_to_write_is_refused(tmp_path):
    with pytest.raises(InputError, match="no demonstration"):
        write_demonstrations(tmp_path / "d.zarr", [])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["empty folder", "other zarr", "text", "broken zip", "cut off"])
def test_what_is_no_dataset_is_refused(tmp_path, make, kind):
    path = tmp_path / ("d.zarr.zip" if kind in ("broken zip", "text") else "d.zarr")
    if kind == "empty folder":
        path.mkdir()
    elif kind == "other zarr":
        zarr.create_group(str(path), zarr_format=2).create_group("data")
    elif kind == "cut off":
        dataset(tmp_path, make)
        zarr.open_group(str(path), mode="r+", zarr_format=2)["data/score"].resize((3, 2))
    else:
        path.write_bytes(b"PK\x03\x04 nonsense")
    with pytest.raises(StoreError, match=r"d\.zarr"):
        DemonstrationStore(path)
