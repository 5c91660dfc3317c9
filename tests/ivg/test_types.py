"""The dataclasses at the boundary."""

import numpy as np
import pytest

from ivg.errors import IvgError, unknown_option
from ivg.types import Appearance, Camera, Clip, HandTracks, RegionOfMotion


def test_appearance_goes_to_a_vector_and_back() -> None:
    for seed in range(20):
        person = Appearance.sample(seed)
        again = Appearance.from_vector(person.vector)
        assert person.vector.dtype == np.float32
        assert person.vector.shape == (5,)
        assert np.abs(person.vector).max() <= 1
        assert again.side == person.side
        np.testing.assert_allclose(again.vector, person.vector, atol=1e-6)


def test_a_seed_names_a_person() -> None:
    assert (Appearance.sample(3).vector == Appearance.sample(3).vector).all()
    assert {Appearance.sample(seed).side for seed in range(30)} == {"left", "right"}
    assert Appearance.sample(3, side="left").side == "left"


def test_union_covers_every_frame() -> None:
    masks = np.zeros((3, 4, 5), bool)
    masks[0, 1, 1] = masks[2, 3, 4] = True
    assert RegionOfMotion(masks).union.sum() == 2


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Clip(np.zeros((2, 4, 4), np.uint8)), "shape"),
        (lambda: Clip(np.zeros((2, 4, 4, 3), np.float32)), "uint8"),
        (lambda: Clip(np.zeros((2, 4, 4, 3), np.uint8), fps=0), "fps"),
        (lambda: RegionOfMotion(np.zeros((2, 4, 4), np.uint8)), "bool"),
        (lambda: Appearance(np.ones(3, np.float32), 1.5), "hand_scale"),
        (lambda: Appearance(np.ones(3, np.float32) * 2), "skin_rgb"),
        (lambda: Appearance(np.ones(3, np.float32), 1.0, "rigth"), "did you mean 'right'"),  # type: ignore[arg-type]
        (lambda: Camera(np.eye(3), np.eye(4), 0, 4), "positive"),
        (lambda: Camera(np.eye(3, dtype=np.float32), np.eye(4), 4, 4), "float64"),
        (lambda: _tracks(present=True), "finite"),
    ],
)
def test_bad_values_are_named(build: object, message: str) -> None:
    with pytest.raises(IvgError, match=message):
        build()  # type: ignore[operator]


def _tracks(present: bool) -> HandTracks:
    keypoints = np.full((2, 2, 21, 2), np.nan, np.float32)
    return HandTracks(keypoints, np.full((2, 2), present), np.zeros((2, 2), np.float32))


def test_absent_hands_may_be_nan() -> None:
    assert len(_tracks(present=False)) == 2


def test_unknown_option_names_value_and_options() -> None:
    assert str(unknown_option("task", "cut_carot", ["cut_carrot", "stir_pot"])) == (
        "unknown task 'cut_carot': did you mean 'cut_carrot'? Options: cut_carrot, stir_pot"
    )
    assert str(unknown_option("task", "zzz", ["a"])) == "unknown task 'zzz'; options: a"
