"""Codings of the actions that policies predict, and their conversion to commands."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from torch import Tensor

from ivg.errors import unknown_option

from ..control import ActionScale
from .config import ACTIONS
from .networks.rotations import matrix_to_six, quaternion_to_matrix, rotation_vector_to_matrix, six_to_matrix


class Commands:
    """Predicts commands (7,) in [-1, 1] (translation, rotation, gripper) as they are: velocity control."""

    size = 7  # numbers of a predicted action

    def encode(self, action: Tensor, proprio: Tensor, now: Tensor) -> Tensor:
        """Return float (b, t, size) for commands (b, t, 7), executed in states (b, t, 16), predicted in (b, 16)."""
        return action

    def hold(self, predicted: Tensor, now: Tensor) -> Tensor:
        """Return predictions (t, size), made in state `now` (16,), in a form that does not depend on later moves."""
        return predicted

    def command(self, held: Tensor, proprio: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the command (7,) for a row (size,) of what `hold` returned, in the robot's present state (16,)."""
        return np.clip(held.numpy(), -1.0, 1.0).astype(np.float32)


class Targets(Commands):
    """Predicts target poses relative to the end effector's pose at the prediction: position control.

    A command's target is the pose that it asks for: position + 5 cm times its translation, rotated by 0.5 rad times its
    rotation (`scale`). Errors of single commands do not add up, as the target is fixed in the world.
    """

    size = 10

    def __init__(self, scale: ActionScale | None = None) -> None:
        self.scale = scale or ActionScale()

    def encode(self, action: Tensor, proprio: Tensor, now: Tensor) -> Tensor:
        """Return (b, t, 10): translation from `now`, m; rotation from `now`, six numbers; the gripper's command."""
        position = proprio[..., :3] + self.scale.translation_m * action[..., :3] - now[:, None, :3]
        rotation = rotation_vector_to_matrix(self.scale.rotation_rad * action[..., 3:6])
        rotation = rotation @ quaternion_to_matrix(proprio[..., 3:7])
        rotation = rotation @ quaternion_to_matrix(now[:, None, 3:7]).mT
        return torch.cat([position, matrix_to_six(rotation), action[..., 6:7]], -1)

    def hold(self, predicted: Tensor, now: Tensor) -> Tensor:
        """Return the targets in the world (t, 13): position, matrix, gripper."""
        rotation = six_to_matrix(predicted[..., 3:9]) @ quaternion_to_matrix(now[3:7])
        return torch.cat([predicted[..., :3] + now[:3], rotation.flatten(-2), predicted[..., 9:]], -1)

    def command(self, held: Tensor, proprio: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the command (7,) towards a row (13,) of `hold`."""
        target = held.double().numpy()
        here = Rotation.from_quat(proprio[[4, 5, 6, 3]].astype(np.float64))
        rotation = Rotation.from_matrix(target[3:12].reshape(3, 3)) * here.inv()
        move = (target[:3] - proprio[:3]) / self.scale.translation_m
        action = np.concatenate([move, rotation.as_rotvec() / self.scale.rotation_rad, target[12:]])
        return np.clip(action, -1.0, 1.0).astype(np.float32)


def action_coding(name: str) -> Commands:
    """Return the coding that a configuration names: "targets" or "commands"."""
    if name not in ACTIONS:
        raise unknown_option("policy.actions", name, ACTIONS)
    return Targets() if name == "targets" else Commands()
