"""The gymnasium environment: conformance, determinism, physics that stays put, and things that happen when touched."""

from __future__ import annotations

import subprocess
import sys

import gymnasium
import mujoco
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import ivg.envs
from ivg.envs.camera import project
from ivg.envs.errors import EnvsError
from ivg.envs.kitchen.env import KitchenEnv
from ivg.envs.kitchen.scene.scene import set_free_joint
from ivg.envs.kitchen.state import part_carrot, wipe_stains
from ivg.envs.kitchen.tasks import TASKS

_STILL = np.zeros(7, dtype=np.float32)


def test_passes_gymnasium_s_own_check(kitchen: KitchenEnv) -> None:
    check_env(kitchen, skip_render_check=True)


def test_is_found_by_its_id() -> None:
    for name in (ivg.envs.KITCHEN_ID, "ivg.envs:ivg/Kitchen-v0"):
        assert gymnasium.spec(name.split(":")[-1]).entry_point == "ivg.envs.kitchen.env:KitchenEnv"
    env = gymnasium.make("ivg.envs:ivg/Kitchen-v0", task="cut carrot", camera_size=32, depth=True)
    observation, info = env.reset(seed=1)
    assert observation["image"].shape == (32, 32, 3)
    assert 0.3 < np.median(observation["depth"]) < 1.5
    np.testing.assert_array_equal(env.unwrapped.depth(), observation["depth"])
    assert info["camera"]["width"] == 32
    env.close()


def test_without_an_image_the_rest_is_the_same(kitchen: KitchenEnv) -> None:
    blind = KitchenEnv(camera_size=64, image=False, render_mode="rgb_array")
    assert set(blind.observation_space.spaces) == {"proprio"}
    seen, info = kitchen.reset(seed=7, options={"task": "push_plate"})
    observation, blind_info = blind.reset(seed=7, options={"task": "push_plate"})
    np.testing.assert_array_equal(blind.render(), seen["image"])
    np.testing.assert_array_equal(blind_info["camera"]["K"], info["camera"]["K"])
    action = np.array([0.5, -0.2, -0.3, 0, 0, 0.1, 1], dtype=np.float32)
    for _ in range(3):
        assert set(observation) == {"proprio"}
        assert blind.observation_space.contains(observation)
        np.testing.assert_array_equal(observation["proprio"], seen["proprio"])
        seen, observation = kitchen.step(action)[0], blind.step(action)[0]
    np.testing.assert_array_equal(blind.render(), seen["image"])
    blind.close()


def test_registering_imports_nothing_heavy() -> None:
    code = "import sys, ivg.envs; print(sorted({'torch', 'robosuite', 'mujoco'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("task", TASKS)
def test_same_seed_same_pixels_and_nothing_happens_by_itself(kitchen: KitchenEnv, task: str) -> None:
    first, info = kitchen.reset(seed=11, options={"task": task})
    start = kitchen.state()
    for _ in range(8):
        _, reward, terminated, _, info = kitchen.step(_STILL)
        assert reward == 0.0
        assert not terminated
    assert not info["is_success"]
    end = kitchen.state()
    for name in kitchen.scene.objects.keys() & end.object_pose.keys():
        assert np.linalg.norm(end.position(name) - start.position(name)) < 0.003, name
    second, _ = kitchen.reset(seed=11, options={"task": task})
    np.testing.assert_array_equal(first["image"], second["image"])
    np.testing.assert_array_equal(first["proprio"], second["proprio"])


def test_the_robot_rests_out_of_the_picture_and_moves_when_told(kitchen: KitchenEnv) -> None:
    observation, info = kitchen.reset(seed=2)
    assert not (
        (project(info["camera"], observation["proprio"][:3].astype(float)) > 0)
        & (project(info["camera"], observation["proprio"][:3].astype(float)) < 1)
    ).all()
    down = np.array([0, 0, -1, 0, 0, 0, -1], dtype=np.float32)
    for _ in range(10):
        moved, *_ = kitchen.step(down)
    assert moved["proprio"][2] < observation["proprio"][2] - 0.1


def test_a_blade_through_a_joint_parts_the_carrot_there_and_only_there(kitchen: KitchenEnv) -> None:
    kitchen.reset(seed=3, options={"task": "cut the carrot"})
    model, data = kitchen.mj_model, kitchen.mj_data
    joint = (data.body("carrot_1").xpos + data.body("carrot_2").xpos) / 2
    turn = data.body("carrot_2").xquat.copy()
    above = joint + [-0.118, 0, 0.05]
    set_free_joint(data, "knife_joint", above, turn)
    mujoco.mj_forward(model, data)
    part_carrot(model, data)
    assert not kitchen.state().carrot_parted.any()
    offset = np.zeros(3)
    mujoco.mju_rotVecQuat(offset, np.array([0.118, 0.0, -0.006]), turn)
    set_free_joint(data, "knife_joint", joint - offset, turn)
    mujoco.mj_forward(model, data)
    part_carrot(model, data)
    np.testing.assert_array_equal(kitchen.state().carrot_parted, [False, True, False, False])
    assert TASKS["cut_carrot"].success(kitchen.state(), kitchen.scene)


def test_the_sponge_wipes_what_it_passes_over_and_not_from_above(kitchen: KitchenEnv) -> None:
    kitchen.reset(seed=4, options={"task": "wipe the counter"})
    model, data = kitchen.mj_model, kitchen.mj_data
    for height, wiped in ((0.06, 0), (0.014, 1)):
        spot = np.array(kitchen.scene.stains_xy_m)[0]
        set_free_joint(data, "sponge_joint", np.array([*spot, height]), np.array([1.0, 0, 0, 0]))
        mujoco.mj_forward(model, data)
        wipe_stains(model, data)
        assert bool(kitchen.state().stains_wiped[0]) == bool(wiped)
    assert not kitchen.state().stains_wiped.all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"camera_size": 8}, "camera_size 8"),
        ({"render_mode": "human"}, "render_mode 'human'"),
        ({"horizon": 0}, "horizon 0"),
        ({"task": "!"}, "must contain a word"),
    ],
)
def test_bad_arguments_are_named(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(EnvsError, match=message):
        KitchenEnv(**arguments)  # type: ignore[arg-type]


def test_bad_calls_are_named(kitchen: KitchenEnv) -> None:
    kitchen.reset(seed=0)
    with pytest.raises(EnvsError, match="must be 7 finite numbers"):
        kitchen.step(np.full(7, np.nan, dtype=np.float32))
    with pytest.raises(EnvsError, match="unknown reset option 'tsk'"):
        kitchen.reset(options={"tsk": "x"})


def test_a_text_that_is_near_none_is_played_but_not_scored() -> None:
    env = KitchenEnv(task="knead the dough", camera_size=32)
    _, info = env.reset(seed=0)
    assert info["scored"] is False
    assert info["task"] is None
    assert env.step(_STILL)[1] == 0.0
    env.close()
