"""The arm moves as robosuite's own chain of controllers moves it."""

from __future__ import annotations

import mujoco
import numpy as np
from robosuite.environments.base import MujocoEnv

from ivg.envs.kitchen.env import KitchenEnv


def test_the_arm_moves_as_robosuite_s_own_step_moves_it(kitchen: KitchenEnv) -> None:
    actions = np.random.default_rng(0).uniform(-1, 1, (25, 7))
    actions[:, 2] -= 0.4  # down onto the counter, so that there are contacts

    def states(step: object) -> np.ndarray:
        kitchen.reset(seed=3, options={"task": "push_plate"})
        found = []
        for action in actions:
            step(kitchen._simulation, action)  # type: ignore[operator]
            found.append(np.concatenate([kitchen.mj_data.qpos, kitchen.mj_data.qvel]))
        return np.array(found)

    own = states(type(kitchen._simulation).step)
    np.testing.assert_allclose(own, states(MujocoEnv.step), atol=1e-8)
    arm = kitchen._simulation.robots[0]._ref_joint_pos_indexes
    assert np.ptp(own[:, arm], axis=0).max() > 0.1


def test_what_a_scene_lacks_floats_where_it_is_and_touches_nothing(kitchen: KitchenEnv) -> None:
    kitchen.reset(seed=3, options={"task": "open_drawer"})
    absent = [name for name in ("knife", "mug", "pot", "sponge", "carrot_0") if name not in kitchen.scene.objects]
    if "carrot" in kitchen.scene.objects:
        absent.remove("carrot_0")
    model, data = kitchen.mj_model, kitchen.mj_data
    assert absent
    before = [data.body(name).xpos.copy() for name in absent]
    for _ in range(20):
        kitchen.step(np.zeros(7, np.float32))
    for name, start in zip(absent, before, strict=True):
        np.testing.assert_allclose(data.body(name).xpos, start, atol=1e-9, err_msg=name)
    touching = {int(model.geom_bodyid[geom]) for pair in data.contact.geom[: data.ncon] for geom in pair}
    assert not touching & {model.body(name).id for name in absent}


def test_an_object_that_is_back_falls_again(kitchen: KitchenEnv) -> None:
    kitchen.reset(seed=3, options={"task": "open_drawer"})
    kitchen.reset(seed=3, options={"task": "mug_to_plate"})
    mug = kitchen.mj_data.joint("mug_joint")
    mug.qpos[2] += 0.05
    mujoco.mj_forward(kitchen.mj_model, kitchen.mj_data)
    height = float(mug.qpos[2])
    for _ in range(10):
        kitchen.step(np.zeros(7, np.float32))
    assert mug.qpos[2] < height - 0.04
