"""Robot episodes made up for the tests."""

import numpy as np
import pytest

from ivg.policy.datasets import RobotEpisode


def make_episode(seed=0, steps=12, size=10, frames=16, task="open_drawer", **changes):
    """An episode whose arrays tell step and seed: proprio[i] is seed + i / 100, and so on."""
    rng = np.random.default_rng(seed)
    present = (rng.random((frames, 2)) < 0.7).astype(np.float32)
    present[0] = 1
    keypoints = rng.random((frames, 2, 21, 2)).astype(np.float32) * present[..., None, None]
    values = {
        "image": rng.integers(0, 256, (steps, size, size, 3), np.uint8),
        "proprio": np.full((steps, 16), seed, np.float32) + np.arange(steps, dtype=np.float32)[:, None] / 100,
        "action": np.linspace(-1, 1, steps * 7, dtype=np.float32).reshape(steps, 7),
        "phase": np.linspace(0, 1, steps, dtype=np.float32),
        "plan_phase": np.linspace(0, 1, steps, dtype=np.float32) ** 2,
        "demo_keypoints": keypoints,
        "demo_present": present,
        "demo_path": rng.random((frames, 8)).astype(np.float32),
        "demo_plan": rng.random((32, 8)).astype(np.float32),
        "demo_clip": rng.integers(0, 256, (frames, size, size, 3), np.uint8),
        "task": task,
        "text": f"{task} mit Schwung, Möhre {seed % 2}",
        "seed": seed,
        "success": True,
        "provenance": {"source": "made up", "index": seed, "nested": [1, None, {"a": 2.5}]},
    }
    return RobotEpisode(**{**values, **changes})


@pytest.fixture
def make():
    return make_episode


@pytest.fixture
def dataset(tmp_path):
    """Three episodes of 12, 5 and 8 steps, of two tasks."""
    from ivg.policy.datasets import write_episodes

    made = [make_episode(0), make_episode(1, 5, task="push_plate"), make_episode(2, 8)]
    return write_episodes(tmp_path / "d.zarr", made), made
