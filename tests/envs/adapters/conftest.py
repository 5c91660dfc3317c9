from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import gymnasium
import pytest

from ivg.envs import SIMULATORS
from ivg.envs.adapters import Simulator
from ivg.envs.adapters.base import AdaptedEnv

METAWORLD_TASKS = ("drawer-open", "pick-place", "button-press")
"""Those of the fifty that are run through every check; the others only through a reset and a step."""


def cases(*, all_tasks: bool = False) -> list:
    """Names of simulators as test parameters; those whose package is absent are skipped with the reason."""
    found = []
    for name, simulator in SIMULATORS.items():
        if name.startswith("metaworld/") and not all_tasks and name.split("/")[1] not in METAWORLD_TASKS:
            continue
        marks = [pytest.mark.interop] if simulator.install else []
        if importlib.util.find_spec(simulator.package) is None:
            marks.append(pytest.mark.skip(reason=f"no module '{simulator.package}': pip install {simulator.install}"))
        found.append(pytest.param(name, marks=marks, id=name))
    return found


def make(name: str, **settings: object) -> AdaptedEnv:
    """Make a simulator's environment, without gymnasium's wrappers."""
    env = gymnasium.make(SIMULATORS[name].id, disable_env_checker=True, **settings).unwrapped
    assert isinstance(env, AdaptedEnv)
    return env


@pytest.fixture(scope="module", params=cases())
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def simulator(name: str) -> Simulator:
    return SIMULATORS[name]


@pytest.fixture(scope="module")
def env(name: str) -> Iterator[AdaptedEnv]:
    env = make(name, camera_size=96, depth=True, render_mode="rgb_array")
    yield env
    env.close()
