"""The kitchen's step and image: their time beside robosuite's own step, and beside images of everything.

    python benchmarks/environment.py [--steps 60] [--repeats 5]

The same actions in the same scenes, variants alternately in one process; printed are CPU milliseconds, and the median
ratio with its spread over the repeats.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from unittest.mock import patch

import numpy as np
from report import measure_alternately, spread
from robosuite.environments.base import MujocoEnv

from ivg.envs import rendering
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
    images: dict[str, Callable[[np.ndarray], object]] = {
        "images of everything": lambda action: _whole_image(env),
        "ours": lambda action: env.render(),
    }
    for variants in (steps, images):
        timed = {
            name: lambda act=act: sum(_seconds(env, task, act, actions) for task in TASKS)
            for name, act in variants.items()
        }
        _print(measure_alternately(timed, options.repeats), options.steps * len(TASKS))
    env.close()


def _whole_image(env: KitchenEnv) -> np.ndarray | None:
    with patch.object(rendering, "outside_view", lambda *_: np.zeros(0, np.intp)):
        return env.render()


def _seconds(env: KitchenEnv, task: str, act: Callable[[np.ndarray], object], actions: np.ndarray) -> float:
    env.reset(seed=5, options={"task": task})
    act(actions[0])
    began = time.process_time()
    for action in actions:
        act(action)
    return time.process_time() - began


def _print(taken: dict[str, np.ndarray], calls: int) -> None:
    first = next(iter(taken.values()))
    print(f"{'':24} {'ms':>7}  ratio and its spread")
    for name, seconds in taken.items():
        print(f"{name:24} {1000 * np.median(seconds) / calls:7.2f}  {spread(first / seconds)}")


if __name__ == "__main__":
    main()
