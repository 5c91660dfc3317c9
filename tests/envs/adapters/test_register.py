"""The register: what it loads, what it says of packages that are missing, and the lists that it has to agree with."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from dataclasses import replace

import gymnasium
import numpy as np
import pytest

from ivg.envs import SIMULATORS
from ivg.envs.adapters import check_installed, list_simulators
from ivg.envs.adapters.inverse_kinematics import _turn
from ivg.envs.errors import EnvsError
from ivg.envs.wording import match_wording

from .conftest import cases


def test_listing_the_simulators_loads_none_of_them() -> None:
    heavy = {"mujoco", "robosuite", "gymnasium_robotics", "metaworld", "torch"}
    code = f"import sys, ivg.envs, ivg.envs.adapters; print(sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("first", ["robosuite", "mujoco"])
def test_pictures_come_whatever_was_imported_before(first: str) -> None:
    """robosuite imports mujoco, which chooses its OpenGL, and sets `MUJOCO_GL` only then."""
    code = (
        f"import {first}, gymnasium, ivg.envs; env = gymnasium.make('ivg/robosuite-Lift-v0', camera_size=32); "
        "print(env.reset(seed=0)[0]['image'].std() > 20); env.close()"
    )
    environment = {name: value for name, value in os.environ.items() if name not in ("MUJOCO_GL", "PYOPENGL_PLATFORM")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.stdout.strip().endswith("True"), done.stderr


def test_every_simulator_has_its_id() -> None:
    assert len({simulator.id for simulator in SIMULATORS.values()}) == len(SIMULATORS) == 55
    for simulator in SIMULATORS.values():
        assert gymnasium.spec(simulator.id).entry_point == simulator.entry_point


def test_the_list_says_how_to_install_what_is_missing() -> None:
    lines = list_simulators()
    assert len(lines) == len(SIMULATORS)
    for line, simulator in zip(lines, SIMULATORS.values(), strict=True):
        assert line.startswith(simulator.name)
        assert ("pip install" in line) != simulator.installed


def test_a_missing_package_is_named_with_its_command() -> None:
    absent = replace(SIMULATORS["metaworld/reach"], package="no_such_package")
    with pytest.raises(EnvsError, match=r"'no_such_package', which is not installed: pip install .ivg\[metaworld\]"):
        check_installed(absent)


@pytest.mark.skipif(importlib.util.find_spec("metaworld") is not None, reason="Meta-World is installed")
def test_making_what_is_not_installed_says_the_command() -> None:
    with pytest.raises(EnvsError, match=r"pip install .ivg\[metaworld\]"):
        gymnasium.make("ivg/MetaWorld-drawer-open-v0")


@pytest.mark.parametrize("name", [case for case in cases(all_tasks=True) if case.id.endswith("/drawer-open")])
def test_the_list_of_meta_world_is_meta_world_s(name: str) -> None:
    from metaworld.env_dict import ALL_V3_ENVIRONMENTS

    ours = {f"{known.split('/')[1]}-v3" for known in SIMULATORS if known.startswith("metaworld/")}
    assert ours == set(ALL_V3_ENVIRONMENTS)


@pytest.mark.parametrize("name", [case for case in cases() if case.id == "franka-kitchen"])
def test_franka_kitchen_s_tasks_are_told_apart(name: str) -> None:
    from gymnasium_robotics.envs.franka_kitchen.kitchen_env import OBS_ELEMENT_GOALS

    from ivg.envs.adapters.franka_kitchen import _TASKS

    assert set(_TASKS) == set(OBS_ELEMENT_GOALS)
    for task, adapted in _TASKS.items():
        for phrasing in adapted.phrasings:
            assert match_wording(phrasing, _TASKS).task == task
            assert match_wording(f"please {phrasing} now", _TASKS).task == task, phrasing


def test_a_turn_is_a_rotation_about_its_axis() -> None:
    turned = _turn(np.array([0.0, 0.0, np.pi / 2])) @ [1.0, 0.0, 0.0]
    assert turned == pytest.approx([0.0, 1.0, 0.0], abs=1e-9)
    np.testing.assert_allclose(_turn(np.zeros(3)), np.eye(3))
