"""Forward kinematics of the hand: joint angles to bone frames and to the 21 joints."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..rotations import about_x, about_y, about_z, frame_from
from . import anatomy
from .anatomy import BONES, NUM_JOINTS, HandShape

_THUMB_BASE = frame_from(anatomy.THUMB_AXIS, anatomy.THUMB_DORSAL)
_MIRROR = np.diag([1.0, -1.0, 1.0])


def _zeros(*shape: int) -> NDArray[np.float64]:
    return np.zeros(shape)


@dataclass(frozen=True)
class FingerPose:
    """Joint angles of one hand, radians."""

    # (4, 4); for index to little finger: abduction (towards the thumb), flexion of MCP, PIP and DIP
    fingers: NDArray[np.float64] = field(default_factory=lambda: _zeros(4, 4))
    # (5,); flexion, palmar abduction and twist of the CMC, flexion of MCP and IP
    thumb: NDArray[np.float64] = field(default_factory=lambda: _zeros(5))

    def mixed_with(self, other: FingerPose, fraction: float) -> FingerPose:
        """The pose at `fraction` in [0, 1] of the way to `other`."""
        return FingerPose(
            self.fingers + (other.fingers - self.fingers) * fraction, self.thumb + (other.thumb - self.thumb) * fraction
        )


@dataclass(frozen=True)
class HandState:
    """A posed hand."""

    bone_positions: NDArray[np.float64]  # (17, 3) m, origin of every bone's frame, in the order of `anatomy.BONES`
    bone_rotations: NDArray[np.float64]  # (17, 3, 3), bone frames; x runs along the bone, z is dorsal
    joints: NDArray[np.float64]  # (21, 3) m, MediaPipe's order

    def mirrored(self) -> HandState:
        """The left hand of this right hand, in its own hand frame."""
        return HandState(self.bone_positions @ _MIRROR, _MIRROR @ self.bone_rotations @ _MIRROR, self.joints @ _MIRROR)

    def placed(self, rotation: NDArray[np.float64], position: NDArray[np.float64]) -> HandState:
        """The hand with its frame at the given pose of the world."""
        return HandState(
            self.bone_positions @ rotation.T + position,
            rotation @ self.bone_rotations,
            self.joints @ rotation.T + position,
        )


def pose_hand(pose: FingerPose, shape: HandShape, forearm: NDArray[np.float64] | None = None) -> HandState:
    """Bone frames and joints of a right hand in its own frame.

    `forearm` is the (3, 3) rotation of the forearm's frame in the hand frame; identity where it is None.
    """
    positions, rotations, joints = (np.zeros((len(BONES), 3)), np.zeros((len(BONES), 3, 3)), np.zeros((NUM_JOINTS, 3)))
    rotations[0] = np.eye(3) if forearm is None else forearm
    rotations[1] = np.eye(3)
    palm = np.array([1.0, shape.palm_width, shape.thickness])
    _pose_thumb(pose, shape, palm, positions, rotations, joints)
    for finger in range(4):
        _pose_finger(finger, pose, shape, palm, positions, rotations, joints)
    return HandState(positions * shape.scale, rotations, joints * shape.scale)


def _pose_thumb(
    pose: FingerPose,
    shape: HandShape,
    palm: NDArray[np.float64],
    positions: NDArray[np.float64],
    rotations: NDArray[np.float64],
    joints: NDArray[np.float64],
) -> None:
    flexion, abduction, twist, mcp, ip = pose.thumb
    frame = _THUMB_BASE @ about_z(abduction) @ about_y(flexion) @ about_x(twist)
    lengths = anatomy.THUMB_BONES * np.array([1.0, shape.finger_length, shape.finger_length])
    point = anatomy.THUMB_CMC * palm
    joints[1] = point
    for bone, (length, bend) in enumerate(zip(lengths, (0.0, mcp, ip), strict=True)):
        frame = frame @ about_y(bend)
        positions[2 + bone], rotations[2 + bone] = point, frame
        point = point + length * frame[:, 0]
        joints[2 + bone] = point


def _pose_finger(
    finger: int,
    pose: FingerPose,
    shape: HandShape,
    palm: NDArray[np.float64],
    positions: NDArray[np.float64],
    rotations: NDArray[np.float64],
    joints: NDArray[np.float64],
) -> None:
    abduction, *bends = pose.fingers[finger]
    frame = about_z(anatomy.SPLAY[finger] + abduction) @ about_x(anatomy.ROLL[finger])
    point = anatomy.MCP[finger] * palm
    joints[5 + 4 * finger] = point
    for phalanx, bend in enumerate(bends):
        frame = frame @ about_y(bend)
        bone = 5 + 3 * finger + phalanx
        positions[bone], rotations[bone] = point, frame
        point = point + anatomy.PHALANGES[finger, phalanx] * shape.finger_length * frame[:, 0]
        joints[6 + 4 * finger + phalanx] = point
