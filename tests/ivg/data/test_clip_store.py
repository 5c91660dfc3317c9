"""Clips on disk."""

from pathlib import Path

import numpy as np
import pytest
import zarr

from ivg.data.clip_record import ClipRecord
from ivg.data.clip_store import ClipStore
from ivg.data.split import HELD_OUT_EVERY, split_indices
from ivg.errors import StoreError


def _record(seed: int, size: int = 16) -> ClipRecord:
    rng = np.random.default_rng(seed)
    present = rng.random((16, 2)) > 0.5
    keypoints = np.where(present[..., None, None], rng.random((16, 2, 21, 2)), np.nan).astype(np.float32)
    return ClipRecord(
        frames=rng.integers(0, 256, (16, size, size, 3), dtype=np.uint8),
        keypoints=keypoints,
        present=present,
        score=present.astype(np.float32),
        info={"task": "stir_pot", "text": "stir the pot", "seed": seed},
        appearance=np.array([0.1, 0.2, 0.3, 0, 1], np.float32),
        labels=rng.integers(0, 4, (16, size, size), dtype=np.uint8),
        contact=rng.random(16) > 0.5,
        K=np.eye(3),
    )


def _create(path: Path, count: int = 4) -> ClipStore:
    return ClipStore.create(path, count=count, size=16, fps=8, source="test")


def test_what_is_written_is_read(tmp_path: Path) -> None:
    store, record = _create(tmp_path / "clips"), _record(0)
    store.write(2, record)
    read = ClipStore.open(tmp_path / "clips").read(2)
    for name in ("frames", "keypoints", "present", "score", "appearance", "labels", "contact", "K"):
        np.testing.assert_array_equal(getattr(read, name), getattr(record, name))
        assert getattr(read, name).dtype == getattr(record, name).dtype
    assert read.info == record.info
    assert (read.task, read.text) == ("stir_pot", "stir the pot")
    assert read.gripper_trajectory is None
    assert read.T_world_camera is None


def test_it_is_zarr_format_2_with_a_chunk_a_clip(tmp_path: Path) -> None:
    _create(tmp_path / "clips")
    group = zarr.open_group(str(tmp_path / "clips"), mode="r")
    assert group.metadata.zarr_format == 2
    frames = group["frames"]
    assert isinstance(frames, zarr.Array)
    assert frames.chunks == (1, 16, 16, 16, 3)
    assert {"gripper_path", "keypoints", "done"} <= set(group.array_keys())


def test_a_stopped_run_goes_on(tmp_path: Path) -> None:
    _create(tmp_path / "clips").write(1, _record(1))
    store = _create(tmp_path / "clips")
    assert store.indices_done.tolist() == [1]
    assert store.indices_missing.tolist() == [0, 2, 3]
    assert store.tasks == {1: "stir_pot"}
    assert store.texts == {1: "stir the pot"}
    with pytest.raises(StoreError, match="count=4"):
        _create(tmp_path / "clips", count=5)


def test_half_a_clip_does_not_count(tmp_path: Path) -> None:
    store, record = _create(tmp_path / "clips"), _record(0)
    store.write(0, record)
    bad = ClipRecord(record.frames, record.keypoints, record.present, record.score[:3], record.info)
    with pytest.raises(StoreError, match="score of clip 0"):
        store.write(0, bad)
    assert store.indices_done.tolist() == []
    with pytest.raises(StoreError, match="not written yet"):
        store.read(0)


def test_other_folders_are_refused(tmp_path: Path) -> None:
    (tmp_path / "note").write_text("mine")
    with pytest.raises(StoreError, match="no clip store"):
        ClipStore.open(tmp_path)
    with pytest.raises(StoreError, match="give a new folder"):
        _create(tmp_path)
    store = _create(tmp_path / "clips")
    with pytest.raises(StoreError, match="outside"):
        store.write(4, _record(0))
    with pytest.raises(StoreError, match="no array 'depth'"):
        store.array("depth")


def test_every_32nd_clip_is_held_out() -> None:
    train, held_out = split_indices(np.arange(100))
    assert held_out.tolist() == [31, 63, 95]
    assert len(train) == 97
    assert all((int(index) % HELD_OUT_EVERY == HELD_OUT_EVERY - 1) for index in held_out)
    assert not any((int(index) % HELD_OUT_EVERY == HELD_OUT_EVERY - 1) for index in train)


def test_a_small_store_holds_out_its_last_clip() -> None:
    train, held_out = split_indices(np.array([0, 2, 3]))
    assert (train.tolist(), held_out.tolist()) == ([0, 2], [3])
    train, held_out = split_indices(np.array([4]))
    assert (train.tolist(), held_out.tolist()) == ([4], [])
