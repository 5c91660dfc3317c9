"""Forward kinematics of the hand: joint angles to bone frames and to the 21 joints."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..rotations import about_x, about_y, about_z, frame_from
from . import anatomy
from .anatomy import BONES, NUM_JOINTS, HandShape

Array = NDArray[np.float64]

_THUMB_BASE = frame_from(anatomy.THUMB_AXIS, anatomy.THUMB_DORSAL)
_MIRROR = np.diag([1.0, -1.0, 1.0])


@dataclass(frozen=True)
class FingerPose:
    """Joint angles of one hand, radians."""

    # (4, 4); for index to little finger: abduction (towards the thumb), flexion of MCP, PIP and DIP
    fingers: Array = field(default_factory=lambda: np.zeros((4, 4)))
    # (5,); flexion, palmar abduction and twist of the CMC, flexion of MCP and IP
    thumb: Array = field(default_factory=lambda: np.zeros(5))

    def mixed_with(self, other: FingerPose, fraction: float) -> FingerPose:
        """The pose at `fraction` in [0, 1] of the way to `other`."""
        return FingerPose(
            self.fingers + (other.fingers - self.fingers) * fraction, self.thumb + (other.thumb - self.thumb) * fraction
        )


@dataclass(frozen=True)
class HandState:
    """A posed hand."""

    bone_positions: Array  # (17, 3) m, origin of every bone's frame, in the order of `anatomy.BONES`
    bone_rotations: Array  # (17, 3, 3), bone frames; x runs along the bone, z is dorsal
    joints: Array  # (21, 3) m, MediaPipe's order

    def mirrored(self) -> HandState:
        """The left hand of this right hand, in its own hand frame."""
        return HandState(self.bone_positions @ _MIRROR, _MIRROR @ self.bone_rotations @ _MIRROR, self.joints @ _MIRROR)

    def placed(self, rotation: Array, position: Array) -> HandState:
        """The hand with its frame at the given pose of the world."""
        return HandState(
            self.bone_positions @ rotation.T + position,
            rotation @ self.bone_rotations,
            self.joints @ rotation.T + position,
        )


def pose_hand(pose: FingerPose, shape: HandShape, forearm: Array | None = None) -> HandState:
    """Bone frames and joints of a right hand in its own frame.

    `forearm` is the (3, 3) rotation of the forearm's frame in the hand frame; identity where it is None.
    """
    state = HandState(np.zeros((len(BONES), 3)), np.zeros((len(BONES), 3, 3)), np.zeros((NUM_JOINTS, 3)))
    state.bone_rotations[:2] = np.eye(3)
    if forearm is not None:
        state.bone_rotations[0] = forearm
    palm = np.array([1.0, shape.palm_width, shape.thickness])
    flexion, abduction, twist, mcp, ip = pose.thumb
    frame = _THUMB_BASE @ about_z(abduction) @ about_y(flexion) @ about_x(twist)
    lengths = anatomy.THUMB_BONES * np.array([1.0, shape.finger_length, shape.finger_length])
    _pose_chain(state, 0, anatomy.THUMB_CMC * palm, frame, lengths, (0.0, mcp, ip))
    for finger in range(4):
        abduction, *bends = pose.fingers[finger]
        frame = about_z(anatomy.SPLAY[finger] + abduction) @ about_x(anatomy.ROLL[finger])
        lengths = anatomy.PHALANGES[finger] * shape.finger_length
        _pose_chain(state, 1 + finger, anatomy.MCP[finger] * palm, frame, lengths, bends)
    return HandState(state.bone_positions * shape.scale, state.bone_rotations, state.joints * shape.scale)


def _pose_chain(
    state: HandState, chain: int, root: Array, frame: Array, lengths: Array, bends: Iterable[float]
) -> None:
    """Write the three bones and four joints of the thumb (chain 0) or of a finger, from its root on."""
    point = state.joints[1 + 4 * chain] = root
    for number, (length, bend) in enumerate(zip(lengths, bends, strict=True)):
        frame = frame @ about_y(bend)
        state.bone_positions[2 + 3 * chain + number], state.bone_rotations[2 + 3 * chain + number] = point, frame
        point = point + length * frame[:, 0]
        state.joints[2 + 4 * chain + number] = point
