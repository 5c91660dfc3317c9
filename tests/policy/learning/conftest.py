"""A point with the kitchen's observations and actions, and two goals: only the demonstration says which one counts."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest

from ivg.policy.datasets import RobotEpisode, write_episodes
from ivg.policy.learning import BehaviourCloningConfig, DiffusionConfig, EpisodeData, PolicyRun, PolicyTraining

GOALS = np.array([[0.15, 0.2, 0.1], [-0.15, 0.2, 0.1]], np.float32)
REACH_M = 0.03
DOWN = np.array([0, 1, 0, 0], np.float32)
"""The end effector's turn, which never changes."""


class PointMass(gym.Env):
    """Moves as an action says; success is being near the goal that the seed chose, the end is at either."""

    observation_space = gym.spaces.Dict(
        {
            "image": gym.spaces.Box(0, 255, (32, 32, 3), np.uint8),
            "proprio": gym.spaces.Box(-100, 100, (16,), np.float32),
        }
    )
    action_space = gym.spaces.Box(-1, 1, (7,), np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.goal = int(self.np_random.integers(2))
        self.position = self.np_random.uniform(-0.03, 0.03, 3).astype(np.float32)
        self.steps = 0
        return self._observe(), self._info()

    def step(self, action):
        self.position = (self.position + 0.05 * np.clip(action[:3], -1, 1)).astype(np.float32)
        self.steps += 1
        reached = np.linalg.norm(GOALS - self.position, axis=1) < REACH_M
        self.success = bool(reached[self.goal])
        return self._observe(), float(self.success), bool(reached.any()), self.steps >= 60, self._info()

    def demonstration(self):
        """The arrays that a clip of a hand that goes to the goal would give."""
        fraction = np.linspace(0, 1, 16, dtype=np.float32)[:, None]
        path = np.concatenate([fraction * GOALS[self.goal], np.tile(DOWN, (16, 1)), np.ones((16, 1), np.float32)], 1)
        keypoints = np.zeros((16, 2, 21, 2), np.float32)
        keypoints[:, 1] = (0.5 + path[:, None, :2]) * 0.8
        present = np.tile(np.array([0, 1], np.float32), (16, 1))
        plan = np.stack([np.interp(np.linspace(0, 15, 32), np.arange(16), column) for column in path.T], 1)
        return {
            "demo_path": path.astype(np.float32),
            "demo_keypoints": keypoints,
            "demo_present": present,
            "demo_plan": plan.astype(np.float32),
        }

    def _observe(self):
        proprio = np.zeros(16, np.float32)
        proprio[:3], proprio[3:7], proprio[7], proprio[15] = self.position, DOWN, 1, self.steps / 20
        return {"image": np.full((32, 32, 3), 128, np.uint8), "proprio": proprio}

    def _info(self):
        return {"is_success": self.steps > 0 and self.success, "text": "go there"}


def point_mass_episode(seed: int) -> RobotEpisode:
    """An episode that goes straight to the goal."""
    env = PointMass()
    observation, info = env.reset(seed=seed)
    demonstration, start = env.demonstration(), env.position
    seen, actions, phase = [], [], []
    ended = False
    while not ended:
        way = GOALS[env.goal] - env.position
        action = np.zeros(7, np.float32)
        action[:3] = way / max(float(np.linalg.norm(way)), 0.02) * 0.3
        action[6] = -1
        phase.append(1 - np.linalg.norm(way) / np.linalg.norm(GOALS[env.goal] - start))
        seen.append(observation)
        actions.append(action)
        observation, _, ended, _, info = env.step(action)
    assert info["is_success"]
    return RobotEpisode(
        image=np.stack([one["image"] for one in seen]),
        proprio=np.stack([one["proprio"] for one in seen]),
        action=np.stack(actions),
        phase=np.clip(phase, 0, 1).astype(np.float32),
        plan_phase=np.clip(phase, 0, 1).astype(np.float32),
        **demonstration,
        demo_clip=np.zeros((16, 32, 32, 3), np.uint8),
        task=("left", "right")[env.goal],
        text=("go left", "go right")[env.goal],
        seed=seed,
        success=True,
    )


TINY = {
    "image_size": 16,
    "image_widths": [8, 16],
    "width": 32,
    "demo_width": 16,
    "demo_layers": 1,
    "demo_heads": 2,
}


def tiny_config(kind, **values):
    """A policy that learns the point's ways in seconds."""
    if kind == "diffusion":
        return DiffusionConfig(**{**TINY, "widths": [16, 32], **values})
    return BehaviourCloningConfig(**{**TINY, "hidden": 64, **values})


@pytest.fixture(scope="session")
def dataset(tmp_path_factory):
    """Episodes of both goals."""
    path = tmp_path_factory.mktemp("point_mass") / "episodes.zarr"
    return write_episodes(path, (point_mass_episode(seed) for seed in range(40)))


@pytest.fixture
def new_env():
    return PointMass


@pytest.fixture
def tiny():
    return tiny_config


@pytest.fixture
def new_run(dataset, tmp_path):
    """Builds a training's request: kind, conditioning, steps, and values of the training."""

    def build(kind="behaviour_cloning", conditioning="demo", steps=3, output="run", **values):
        quick = {"batch_size": 32, "learning_rate": 3e-3, "warmup_steps": 10, "ema": 0.95, **values}
        return PolicyRun(
            policy=tiny_config(kind, conditioning=conditioning),
            train=PolicyTraining(steps=steps, **quick),
            data=EpisodeData(path=str(dataset)),
            output=tmp_path / output,
            device="cpu",
        )

    return build
