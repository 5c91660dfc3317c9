"""A demonstration is valid or is not made; what is saved comes back to the bit."""

from dataclasses import replace

import numpy as np
import pytest

from ivg.errors import InputError, StoreError
from ivg.policy import Demonstration

ARRAYS = ("clip", "region", "keypoints", "present", "region_per_frame", "score")


def assert_same(a, b):
    for name in ARRAYS:
        first, second = getattr(a, name), getattr(b, name)
        assert first.dtype == second.dtype, name
        assert first.shape == second.shape, name
        assert first.tobytes() == second.tobytes(), name
    assert (a.fps, a.provenance) == (b.fps, b.provenance)


@pytest.mark.parametrize("ending", [".zarr", ".zarr.zip"])
def test_saved_and_loaded_it_is_the_same_to_the_bit(tmp_path, demonstration, ending):
    path = demonstration.save(tmp_path / f"demo{ending}")
    assert_same(Demonstration.load(path), demonstration)


@pytest.mark.parametrize("shape", [(1, 8, 8), (16, 33, 65), (5, 128, 128)])
def test_any_size_and_length_comes_back(tmp_path, make, shape):
    demonstration = make(3, *shape)
    assert_same(Demonstration.load(demonstration.save(tmp_path / "d.zarr")), demonstration)


def test_what_may_be_left_out_is_filled_in(demonstration):
    short = Demonstration(demonstration.clip, demonstration.region, demonstration.keypoints, demonstration.present, 8.0)
    assert (short.region_per_frame == demonstration.region).all()
    np.testing.assert_array_equal(short.score, demonstration.present)
    assert short.provenance == {}


def test_the_context_frame_does_not_count_for_the_detection_rate(make):
    demonstration = make(frames=5)
    present = np.array([[1, 1], [0, 0], [1, 0], [0, 1], [1, 1]], bool)
    keypoints = np.full((5, 2, 21, 2), 0.5, np.float32)
    keypoints[~present] = np.nan
    assert replace(demonstration, present=present, keypoints=keypoints).detection_rate == 0.75


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("clip", np.zeros((16, 20, 28)), "shape"),
        ("clip", np.zeros((16, 20, 28, 3)), "uint8"),
        ("fps", 0.0, "fps"),
        ("keypoints", np.zeros((16, 2, 21, 3), np.float32), "keypoints"),
        ("present", np.ones((16, 2), bool), "finite"),
        ("region", np.ones((20, 28), bool), "union"),
        ("region_per_frame", np.zeros((16, 20, 20), bool), "region_per_frame"),
        ("clip", np.zeros((15, 20, 28, 3), np.uint8), "15 frames"),
    ],
)
def test_what_does_not_fit_together_is_refused(demonstration, name, value, message):
    with pytest.raises(InputError, match=message):
        replace(demonstration, **{name: value})


def test_existing_paths_are_kept_unless_asked(tmp_path, make):
    path = make(0).save(tmp_path / "d.zarr")
    with pytest.raises(InputError, match="exists already"):
        make(1).save(path)
    assert_same(Demonstration.load(path), make(0))
    make(1).save(path, overwrite=True)
    assert_same(Demonstration.load(path), make(1))


def test_other_endings_are_refused(tmp_path, demonstration):
    with pytest.raises(InputError, match=r"\.zarr\.zip"):
        demonstration.save(tmp_path / "demo.npz")


def test_what_is_not_there_cannot_be_loaded(tmp_path, demonstration):
    with pytest.raises(StoreError, match="no dataset"):
        Demonstration.load(tmp_path / "none.zarr")
    path = demonstration.save(tmp_path / "d.zarr")
    with pytest.raises(StoreError, match="no episode 1"):
        Demonstration.load(path, episode=1)


def test_provenance_that_json_cannot_hold_leaves_no_file(tmp_path, demonstration):
    with pytest.raises(InputError, match="JSON"):
        replace(demonstration, provenance={"array": np.zeros(2)}).save(tmp_path / "d.zarr")
    assert not list(tmp_path.iterdir())
