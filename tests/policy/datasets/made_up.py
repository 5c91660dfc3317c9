"""Robot episodes made up for the tests."""

import numpy as np

from ivg.policy.datasets import RobotEpisode


def made_up_episode(seed=0, steps=12, size=(10, 10), frames=16, task="open_drawer", **changes):
    """An episode of random arrays that depend on the seed alone; `changes` replaces fields."""
    rng = np.random.default_rng(seed)
    present = (rng.random((frames, 2)) < 0.7).astype(np.float32)
    present[0] = 1
    values = {
        "image": rng.integers(0, 256, (steps, *size, 3), np.uint8),
        "proprio": rng.normal(0, 1, (steps, 16)).astype(np.float32),
        "action": rng.uniform(-1, 1, (steps, 7)).astype(np.float32),
        "phase": np.linspace(0, 1, steps, dtype=np.float32),
        "plan_phase": np.linspace(0, 1, steps, dtype=np.float32) ** 2,
        "demo_keypoints": rng.random((frames, 2, 21, 2)).astype(np.float32) * present[..., None, None],
        "demo_present": present,
        "demo_path": rng.random((frames, 8)).astype(np.float32),
        "demo_plan": rng.random((32, 8)).astype(np.float32),
        "demo_clip": rng.integers(0, 256, (frames, *size, 3), np.uint8),
        "task": task,
        "text": f"{task} mit Schwung, Möhre {seed % 2}",
        "seed": seed,
        "success": True,
        "provenance": {"source": "made up", "index": seed, "nested": [1, None, {"a": 2.5}]},
    }
    return RobotEpisode(**{**values, **changes})
