"""Tasks that get done: by a robot through the interface, or by putting the world into the state that they ask for."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from .conftest import cases, make

STILL = np.zeros(7, np.float32)


def only(name: str) -> list:
    return [case for case in cases() if case.id == name]


def test_a_plain_servo_lifts_robosuite_s_cube() -> None:
    env = make("robosuite/Lift", camera_size=32)
    observation, info = env.reset(seed=1)
    cube = env.mj_data.body("cube_main").xpos.copy()
    stages = [(cube + [0, 0, 0.08], -1, 25), (cube, -1, 25), (cube, 1, 10), (cube + [0, 0, 0.15], 1, 40)]
    for target, gripper, steps in stages:
        for _ in range(steps):
            way = np.clip((target - observation["proprio"][:3]) / 0.05, -1, 1)
            action = np.concatenate([way, [0, 0, 0, gripper]]).astype(np.float32)
            observation, reward, terminated, _, info = env.step(action)
            if terminated:
                break
    assert terminated
    assert reward == 1.0
    assert info["is_success"]
    assert not env.reset(seed=1)[1]["is_success"]
    env.close()


def test_robosuite_s_door_counts_as_open_when_it_is() -> None:
    env = make("robosuite/Door", camera_size=32)
    env.reset(seed=0)
    env.mj_data.qpos[env._simulation.hinge_qpos_addr] = 0.4
    mujoco.mj_forward(env.mj_model, env.mj_data)
    assert env.step(STILL)[4]["is_success"]
    env.close()


@pytest.mark.parametrize("name", only("franka-kitchen"))
def test_franka_kitchen_scores_the_task_that_was_asked_for(name: str) -> None:
    env = make(name, camera_size=32, task="open the microwave")
    for text, done in (("open the microwave", True), ("turn on the light", False), ("open the window", False)):
        env.reset(seed=0, options={"task": text})
        env.mj_data.joint("microwave").qpos[0] = -0.75
        mujoco.mj_forward(env.mj_model, env.mj_data)
        assert env.step(STILL)[4]["is_success"] is done, text
    env.close()


@pytest.mark.filterwarnings("ignore:Constant")
@pytest.mark.parametrize("name", only("metaworld/drawer-open"))
def test_meta_world_s_own_policy_opens_the_drawer_through_our_action(name: str) -> None:
    from metaworld.policies import SawyerDrawerOpenV3Policy

    env, policy = make(name, camera_size=32), SawyerDrawerOpenV3Policy()
    for seed in range(3):
        env.reset(seed=seed)
        for _ in range(150):
            native = np.clip(policy.get_action(env._simulation._get_obs()), -1, 1)
            *_, terminated, _, info = env.step(np.concatenate([0.8 * native[:3], [0, 0, 0], native[3:]]))
            if terminated:
                break
        assert info["is_success"], seed
    env.close()
