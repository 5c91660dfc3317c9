"""What `ivg-app`'s page may be asked for: nothing that comes from a browser is trusted."""

import math
from pathlib import Path

import pytest

from ivg.app.request import DRAWN, LARGEST_SEED, LONGEST_TEXT, MOST_STEPS, checked_request
from ivg.errors import InputError
from ivg.policy.sampling import SAMPLES
from ivg.types import Appearance


def fields(**changed):
    plain = {"source": "kitchen", "text": "cut the carrot", "seed": 3, "picture": None, "steps": 4, "samples": 2}
    return {**plain, "robot": True, "side": DRAWN, "skin": DRAWN, **changed}


def test_what_is_right_passes():
    request = checked_request(fields(seed=3.0, text="  cut   the\ncarrot "))
    assert (request.seed, request.text, request.steps, request.samples) == (3, "cut the carrot", 4, 2)
    assert request.robot
    assert request.picture is None


@pytest.mark.parametrize("seed", [0, LARGEST_SEED])
def test_the_ends_of_the_range_of_seeds(seed):
    assert checked_request(fields(seed=seed)).seed == seed


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"text": ""}, "must say what to do"),
        ({"text": None}, "must say what to do"),
        ({"text": "123 !"}, "must say what to do"),
        ({"text": "a" * (LONGEST_TEXT + 1)}, f"{LONGEST_TEXT + 1} characters"),
        ({"text": "cut\x00 it"}, "cannot be printed"),
        ({"seed": -1}, "seed must be a whole number from 0"),
        ({"seed": LARGEST_SEED + 1}, "seed must be"),
        ({"seed": 1.5}, "got 1.5"),
        ({"seed": math.nan}, "seed must be"),
        ({"seed": math.inf}, "seed must be"),
        ({"seed": None}, "got nothing"),
        ({"seed": "7"}, "seed must be"),
        ({"seed": True}, "seed must be"),
        ({"steps": 0}, "denoising steps must be"),
        ({"steps": MOST_STEPS + 1}, f"to {MOST_STEPS}"),
        ({"samples": SAMPLES + 1}, "must be a whole number from 1"),
        ({"source": "/etc/passwd"}, "unknown scene"),
        ({"source": ["kitchen"]}, "unknown scene"),
        ({"source": "picture"}, "no picture yet"),
        ({"side": "third"}, "unknown acting hand"),
        ({"skin": "x" * 400}, "unknown skin tone"),
    ],
)
def test_what_is_wrong_is_told(changed, words):
    with pytest.raises(InputError) as refused:
        checked_request(fields(**changed))
    assert words in str(refused.value)
    assert len(str(refused.value)) < 200


def test_a_picture_has_no_robot_and_one_clip():
    request = checked_request(fields(source="picture", picture="a.png", samples=4))
    assert (request.picture, request.robot, request.samples) == (Path("a.png"), False, 1)


def test_the_picture_of_a_kitchen_is_left_alone():
    assert checked_request(fields(picture="a.png")).picture is None


def test_who_acts_is_drawn_unless_it_is_chosen():
    drawn = checked_request(fields()).appearance(5, None)
    assert (drawn.vector == Appearance.sample(5).vector).all()
    other = Appearance.sample(5, "left" if drawn.side == "right" else "right")
    assert (checked_request(fields()).appearance(5, other).vector == other.vector).all()
    for side in ("left", "right"):
        chosen = checked_request(fields(side=side, skin="dark"))
        assert chosen.appearance(5, other).side == side
        assert chosen.appearance(5, None).skin_rgb.mean() < 0.4
