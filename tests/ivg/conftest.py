"""Real clips for trying the detector on, no part of the repository; and a tiny base model of random weights."""

import os
from pathlib import Path

import pytest
from omegaconf import OmegaConf

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


def base_architecture(name):
    """What a file of configs/model says the base networks look like."""
    return OmegaConf.to_container(OmegaConf.load(ROOT / "configs" / "model" / f"{name}.yaml").architecture)


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory):
    """A folder in the layout of a text-to-video pipeline on the hub."""
    from ivg.models.base.pretrained import save_random_base

    folder = tmp_path_factory.mktemp("hub") / "tiny"
    save_random_base(base_architecture("base_tiny"), folder)
    return folder
