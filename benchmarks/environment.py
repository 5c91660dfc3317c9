"""The kitchen's step and picture: the time they take beside robosuite's own step, and beside pictures of everything.

    python benchmarks/environment.py [--steps 60] [--repeats 5]

The same actions in the same scenes, ways in turn in one process; printed are CPU milliseconds, and the median ratio
with its spread over the repeats.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from unittest.mock import patch

import numpy as np
from robosuite.environments.base import MujocoEnv

from ivg.envs import view
from ivg.envs.kitchen.env import KitchenEnv

TASKS = ("push_plate", "cut_carrot", "stir_pot")


def main() -> None:
    """Print times and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=60, help="of each task and repeat")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    env = KitchenEnv(camera_size=128, image=False, render_mode="rgb_array")
    actions = np.random.default_rng(0).uniform(-0.6, 0.6, (options.steps, 7))
    steps: dict[str, Callable[[np.ndarray], object]] = {
        "robosuite's step": lambda action: MujocoEnv.step(env._simulation, action),
        "ours": env._simulation.step,
    }
    pictures: dict[str, Callable[[np.ndarray], object]] = {
        "pictures of everything": lambda action: _whole_picture(env),
        "ours": lambda action: env.render(),
    }
    for ways in (steps, pictures):
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(options.repeats):
            for name, way in ways.items():
                taken[name].append(sum(_seconds(env, task, way, actions) for task in TASKS))
        _print(taken, options.steps * len(TASKS))
    env.close()


def _whole_picture(env: KitchenEnv) -> np.ndarray | None:
    with patch.object(view, "outside_view", lambda *_: np.zeros(0, np.intp)):
        return env.render()


def _seconds(env: KitchenEnv, task: str, way: Callable[[np.ndarray], object], actions: np.ndarray) -> float:
    env.reset(seed=5, options={"task": task})
    way(actions[0])
    began = time.process_time()
    for action in actions:
        way(action)
    return time.process_time() - began


def _print(taken: dict[str, list[float]], calls: int) -> None:
    first = np.array(next(iter(taken.values())))
    print(f"{'':24} {'ms':>7} {'ratio':>6}  spread of the ratio")
    for name, seconds in taken.items():
        ratio = first / np.array(seconds)
        spread = f"{ratio.min():.2f} to {ratio.max():.2f}"
        print(f"{name:24} {1000 * np.median(seconds) / calls:7.2f} {np.median(ratio):6.2f}  {spread}")


if __name__ == "__main__":
    main()
