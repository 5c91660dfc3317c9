"""Rendered hands: what the generator is trained on."""

import numpy as np
import pytest


@pytest.fixture(scope="session")
def hand_clips(demonstrator_128):
    """Frames uint8 (3, 16, 128, 128, 3) of three tasks, one of them with both hands."""
    shown = (("open_drawer", 3), ("cut_carrot", 4), ("push_plate", 5))
    return np.stack([demonstrator_128.render(task, seed).frames for task, seed in shown])
