"""Rendered hands: what the generator is trained on."""

import numpy as np
import pytest

from ivg.envs.human import HumanDemonstrator


@pytest.fixture(scope="session")
def hand_clips():
    """Frames uint8 (3, 16, 128, 128, 3) of three tasks, one of them with both hands."""
    demonstrator = HumanDemonstrator(128)
    shown = (("open_drawer", 3), ("cut_carrot", 4), ("push_plate", 5))
    clips = [demonstrator.render(task, seed).frames for task, seed in shown]
    demonstrator.close()
    return np.stack(clips)
