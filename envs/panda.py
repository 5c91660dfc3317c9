"""robosuite's Panda under OSC_POSE, as the kitchen and robosuite's own tasks have it."""

import logging
from typing import Any

import mujoco
import numpy as np

from .interface import CONTROL_HZ, ArmState

_LEVEL = logging.root.manager.disable
logging.disable(logging.WARNING)  # on import robosuite warns of macros and optional parts that nothing here uses
try:
    from robosuite.controllers import load_composite_controller_config
finally:
    logging.disable(_LEVEL)


def panda_settings(horizon: int) -> dict[str, Any]:
    """Return arguments of robosuite's environments: a Panda under OSC_POSE in the world frame, no images."""
    logging.getLogger("robosuite_logs").setLevel(logging.WARNING)
    config = load_composite_controller_config(robot="Panda")
    config["body_parts"]["right"]["input_ref_frame"] = "world"
    unused = dict.fromkeys(("use_camera_obs", "has_renderer", "has_offscreen_renderer", "hard_reset"), False)
    arm = {"robots": "Panda", "controller_configs": config, "control_freq": CONTROL_HZ, "horizon": horizon}
    return {**arm, **unused, "ignore_done": True, "renderer": "mujoco"}


def panda_state(robot: Any, model: mujoco.MjModel, data: mujoco.MjData) -> ArmState:
    """Read robosuite's Panda, whose gripper opens 8 cm."""
    site = model.site(robot.gripper["right"].important_sites["grip_site"]).id
    opening = np.abs(data.qpos[robot._ref_gripper_joint_pos_indexes["right"]]).sum() / 0.08
    joints = data.qpos[robot._ref_joint_pos_indexes]
    return ArmState(data.site_xpos[site], data.site_xmat[site].reshape(3, 3), float(opening), joints)
