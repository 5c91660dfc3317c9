"""Real clips for trying the detector on; they are no part of the repository."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLACES = (os.environ.get("IVG_TEST_VIDEOS", ""), ROOT / "shared" / "data", ROOT.parent / "shared" / "data")


def find_video(name):
    for place in PLACES:
        if place and (Path(place) / name).is_file():
            return Path(place) / name
    return pytest.skip(f"{name} is not here: name its folder in IVG_TEST_VIDEOS")


@pytest.fixture(scope="session")
def loaf_video():
    """A person facing the camera cuts a loaf: the left hand holds it (at the right), the right one cuts."""
    return find_video("cut_a_loaf.mp4")


@pytest.fixture(scope="session")
def dough_video():
    """Fists in dough, filmed close."""
    return find_video("knead_dough.mp4")
