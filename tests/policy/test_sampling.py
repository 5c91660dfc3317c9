"""Which of several demonstrations is taken, and who shows them."""

from types import SimpleNamespace

import numpy as np
import pytest

from ivg.errors import InputError
from ivg.policy import extraction
from ivg.policy.extraction import NoHandError
from ivg.policy.sampling import GOOD_CONTACT, best_of_n
from ivg.types import Appearance, Camera

FRAME = np.zeros((24, 32, 3), np.uint8)
DEPTH = np.ones((24, 32), np.float32)
CAMERA = Camera(np.eye(3), np.eye(4), 32, 24)
NO_HAND = None


class Show:
    """Shows demonstrations whose contacts cost so much, one after another; keeps what it was asked for."""

    def __init__(self, *costs):
        self.costs, self.asked = costs, []

    def __call__(self, frame, text, seed=0, appearance=None):
        assert frame is FRAME
        assert text == "cut carrot"
        self.asked.append((seed, appearance))
        return self.costs[len(self.asked) - 1]

    @property
    def seeds(self):
        return [seed for seed, _ in self.asked]


@pytest.fixture(autouse=True)
def depths(monkeypatch):
    """Puts a stub in the place of the extraction; returns the depths that it was given."""
    given = []

    def extract(demonstration, camera, lifter=None, hand=None, depth=None):
        assert camera is CAMERA
        assert lifter == "lifter"
        given.append(depth)
        if demonstration is NO_HAND:
            raise NoHandError(f"no hand in number {len(given)}")
        return SimpleNamespace(contact=None if depth is None else SimpleNamespace(cost=demonstration))

    monkeypatch.setattr(extraction, "extract", extract)
    return given


def see(show, **options):
    return best_of_n(show, FRAME, "cut carrot", CAMERA, lifter="lifter", **{"depth": DEPTH, "samples": 4, **options})


def seed_of(side):
    return next(seed for seed in range(100) if Appearance.sample(seed).side == side)


def test_the_first_good_contact_ends_it(depths):
    show = Show(9.0, GOOD_CONTACT - 0.1, 0.0, 0.0)
    assert see(show).contact.cost == GOOD_CONTACT - 0.1
    assert len(show.asked) == 2
    assert all(depth is DEPTH for depth in depths)


def test_without_a_good_contact_the_best_one_is_taken():
    show = Show(20.0, 7.0, GOOD_CONTACT, 12.0)
    assert see(show).contact.cost == GOOD_CONTACT
    assert len(show.asked) == 4


def test_of_equal_ones_the_first_is_taken(monkeypatch):
    made = []

    def extract(demonstration, camera, lifter=None, hand=None, depth=None):
        made.append(SimpleNamespace(contact=SimpleNamespace(cost=demonstration)))
        return made[-1]

    monkeypatch.setattr(extraction, "extract", extract)
    assert see(Show(9.0, 9.0, 9.0), samples=3) is made[0]
    assert len(made) == 3


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_hands_take_turns_beginning_with_the_drawn_one(side):
    seed, other = seed_of(side), {"left": "right", "right": "left"}[side]
    show = Show(20.0, 20.0, 20.0, 20.0)
    see(show, seed=seed)
    assert show.asked[0] == (seed, None), "the demonstrator draws the first person itself"
    assert len(set(show.seeds)) == 4
    assert [appearance.side for _, appearance in show.asked[1:]] == [other, side, other]
    for sample_seed, appearance in show.asked[1:]:
        np.testing.assert_array_equal(appearance.skin_rgb, Appearance.sample(sample_seed).skin_rgb)


def test_the_same_seed_asks_for_the_same_people():
    shows = Show(20.0, 20.0), Show(20.0, 20.0), Show(20.0, 20.0)
    for show, seed in zip(shows, (3, 3, 4), strict=True):
        see(show, seed=seed, samples=2)
    assert shows[0].seeds == shows[1].seeds
    assert not set(shows[0].seeds) & set(shows[2].seeds)


def test_a_clip_without_a_hand_is_passed_over():
    show = Show(NO_HAND, 8.0, NO_HAND, 9.0)
    assert see(show).contact.cost == 8.0
    assert len(show.asked) == 4


def test_no_hand_in_any_clip_is_an_error():
    show = Show(NO_HAND, NO_HAND, NO_HAND)
    with pytest.raises(NoHandError, match="no hand in number 3"):
        see(show, samples=3)
    assert len(show.asked) == 3


def test_without_depth_the_first_demonstration_is_taken(depths):
    show = Show(9.0)
    assert see(show, depth=None, samples=1).contact is None
    assert len(show.asked) == 1
    assert depths == [None]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"samples": 0}, "samples must be 1 or more, got 0"),
        ({"samples": 2, "depth": None}, "2 samples cannot be compared without depth"),
    ],
)
def test_invalid_arguments_are_refused(options, message):
    show = Show(0.0)
    with pytest.raises(InputError, match=message):
        see(show, **options)
    assert show.asked == []
