"""The procedural hand: its proportions, in metres, and its forward kinematics from joint angles to bones and joints.

Hand frame: origin at the wrist, +x towards the fingers, +z out of the back of the hand, +y towards the thumb
(right hand of scale 1). A left hand is the mirror image in y. Joint order is MediaPipe's: 0 wrist; 1 to 4 the thumb's
CMC, MCP, IP and tip; then MCP, PIP, DIP and tip of index, middle, ring and little finger.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from ...errors import EnvsError
from ..rotations import Array, about_x, about_y, about_z, frame_from

NUM_JOINTS = 21
FINGERS = ("index", "middle", "ring", "little")
BONES = (
    "forearm",
    "palm",
    "thumb_0",
    "thumb_1",
    "thumb_2",
    *(f"{finger}_{phalanx}" for finger in FINGERS for phalanx in range(3)),
)
FOREARM_LENGTH = 0.46

MCP = np.array([[0.091, 0.027, 0.0], [0.093, 0.005, 0.002], [0.087, -0.0155, 0.001], [0.078, -0.034, -0.004]])
SPLAY = np.array([0.07, 0.0, -0.07, -0.15])
ROLL = np.array([-0.06, 0.0, 0.08, 0.16])
PHALANGES = np.array([[0.043, 0.025, 0.020], [0.045, 0.027, 0.020], [0.041, 0.026, 0.020], [0.033, 0.020, 0.018]])
FINGER_RADII = np.array(
    [
        [0.0106, 0.0096, 0.0085, 0.0071],
        [0.0108, 0.0098, 0.0087, 0.0073],
        [0.0103, 0.0093, 0.0082, 0.0069],
        [0.0092, 0.0081, 0.0073, 0.0062],
    ]
)
THUMB_CMC = np.array([0.020, 0.021, -0.010])
THUMB_BONES = np.array([0.044, 0.033, 0.026])
THUMB_RADII = np.array([0.0155, 0.0128, 0.0110, 0.0086])
THUMB_AXIS = np.array([0.76, 0.60, -0.24])
THUMB_DORSAL = np.array([-0.25, 0.72, 0.60])
_THUMB_BASE = frame_from(THUMB_AXIS, THUMB_DORSAL)
_MIRROR = np.diag([1.0, -1.0, 1.0])


@dataclass(frozen=True)
class HandShape:
    """Size and proportions of one person's hand; every field is a factor, 1 is the mean."""

    scale: float = 1.0  # size of the whole hand; 1 is 0.185 m from the wrist to the middle finger's tip
    finger_length: float = 1.0  # length of the fingers relative to the palm
    palm_width: float = 1.0  # width of the palm
    thickness: float = 1.0  # radius of fingers, palm and forearm

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not 0.7 <= value <= 1.3:
                raise EnvsError(f"HandShape.{name} is {value}; it must lie in [0.7, 1.3].")

    def bone_factors(self) -> Array:
        """Stretch of every bone along its own x, y and z axis, without the scale: (17, 3)."""
        factors = np.empty((len(BONES), 3))
        factors[:] = (self.finger_length, self.thickness, self.thickness)
        factors[0] = (1.0, self.thickness, self.thickness)
        factors[1] = (1.0, self.palm_width, self.thickness)
        factors[2] = (1.0, self.thickness, self.thickness)
        return factors


@dataclass(frozen=True)
class FingerPose:
    """Joint angles of one hand, radians."""

    # (4, 4); for index to little finger: abduction (towards the thumb), flexion of MCP, PIP and DIP
    fingers: Array = field(default_factory=lambda: np.zeros((4, 4)))
    # (5,); flexion, palmar abduction and twist of the CMC, flexion of MCP and IP
    thumb: Array = field(default_factory=lambda: np.zeros(5))

    def blended_with(self, other: FingerPose, fraction: float) -> FingerPose:
        """The pose at `fraction` in [0, 1] of the way to `other`."""
        return FingerPose(
            self.fingers + (other.fingers - self.fingers) * fraction, self.thumb + (other.thumb - self.thumb) * fraction
        )


@dataclass(frozen=True)
class HandState:
    """A posed hand."""

    bone_positions: Array  # (17, 3) m, origin of every bone's frame, in the order of `BONES`
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
    lengths = THUMB_BONES * np.array([1.0, shape.finger_length, shape.finger_length])
    _pose_chain(state, 0, THUMB_CMC * palm, frame, lengths, (0.0, mcp, ip))
    for finger in range(4):
        abduction, *bends = pose.fingers[finger]
        frame = about_z(SPLAY[finger] + abduction) @ about_x(ROLL[finger])
        lengths = PHALANGES[finger] * shape.finger_length
        _pose_chain(state, 1 + finger, MCP[finger] * palm, frame, lengths, bends)
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
