"""A hand's movement as keys: where a point of the hand is, how the hand is turned, and how the fingers are bent."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from .hand.kinematics import NUM_JOINTS, FingerPose, HandShape, HandState, pose_hand
from .rotations import Array, blend, frame_from, yaw_pitch_roll

NUM_FRAMES = 16
FPS = 8


def minimum_jerk(fraction: float) -> float:
    """Progress in [0, 1] of a reach at `fraction` of its time (Flash and Hogan 1985); clipped outside of [0, 1]."""
    f = float(np.clip(fraction, 0.0, 1.0))
    return f**3 * (10 - 15 * f + 6 * f * f)


def progress(time: float, start: float, end: float) -> float:
    """Minimum-jerk progress of a movement from `start` to `end` (frames) at `time`."""
    return minimum_jerk((time - start) / max(end - start, 1e-6))


def anchor_weights(*joints: int) -> Array:
    """Weights (21,) whose weighted sum of joints is the mean of the given ones."""
    weights = np.zeros(NUM_JOINTS)
    weights[list(joints)] = 1.0 / len(joints)
    return weights


PINCH = anchor_weights(4, 8)
FINGERTIPS = anchor_weights(8, 12, 16)
FINGER_PADS = anchor_weights(7, 11, 15)


@dataclass(frozen=True)
class Key:
    """A pose to be in at a time."""

    time: float  # frames
    point: Array  # (3,) m, where the anchor is
    rotation: Array  # (3, 3), the hand's frame (of a right hand, or of the mirrored left hand) in the world
    pose: FingerPose  # joint angles
    arc: float = 0.0  # height that the way to this key swings above the straight line, m


@dataclass
class HandTrack:
    """The movement of one hand through the clip."""

    side: str  # "left" or "right"
    shape: HandShape  # proportions
    elbow: Array  # (3,) m; the forearm points away from it
    anchor: Array  # (21,) weights of the joints whose mean the keys' points speak of
    keys: list[Key] = field(default_factory=list)  # in order of time

    @property
    def sign(self) -> float:
        """+1 for the left hand (positive y), -1 for the right."""
        return 1.0 if self.side == "left" else -1.0

    def orientation(self, yaw: float, pitch: float, roll: float) -> Array:
        """Rotation of a hand that points `yaw` about z in the world; positive roll lifts the thumb's side."""
        return yaw_pitch_roll(yaw, pitch, -self.sign * roll)

    def add(self, time: float, point: ArrayLike, rotation: Array, pose: FingerPose, arc: float = 0.0) -> None:
        """Append a key."""
        self.keys.append(Key(time, np.asarray(point, float), rotation, pose, arc))

    def target(self, time: float) -> Key:
        """The interpolated key at a time; the first and last hold outside of their range."""
        if time <= self.keys[0].time:
            return self.keys[0]
        for before, after in zip(self.keys[:-1], self.keys[1:], strict=True):
            if time <= after.time:
                return _between(before, after, time)
        return self.keys[-1]

    def state(self, time: float) -> HandState:
        """The posed hand in the world at a time."""
        key = self.target(time)
        state = pose_hand(key.pose, self.shape)
        state = state.mirrored() if self.side == "left" else state
        wrist = key.point - key.rotation @ (self.anchor @ state.joints)
        placed = state.placed(key.rotation, wrist)
        placed.bone_rotations[0] = self._forearm(key.rotation, wrist)
        return placed

    def _forearm(self, rotation: Array, wrist: Array) -> Array:
        direction = wrist - self.elbow
        length = np.linalg.norm(direction)
        if length < 0.05:
            return rotation
        return frame_from(direction / length, rotation[:, 2] + 0.3 * np.array([0.0, 0.0, 1.0]))


def _between(before: Key, after: Key, time: float) -> Key:
    fraction = progress(time, before.time, after.time)
    point = before.point + (after.point - before.point) * fraction
    point = point + np.array([0.0, 0.0, after.arc * np.sin(np.pi * fraction)])
    rotation = blend(before.rotation, after.rotation, fraction)
    return Key(time, point, rotation, before.pose.blended_with(after.pose, fraction))


@dataclass(frozen=True)
class Attachment:
    """A rigid body that moves with the anchor of a hand from a moment on."""

    track: HandTrack  # the hand
    start: float  # moment of the grasp, frames
    position: Array  # (3,) m, of the body at that moment
    rotation: Array  # (3, 3), of the body at that moment

    def pose(self, time: float) -> tuple[Array, Array]:
        """Position and rotation of the body at a time."""
        if time <= self.start:
            return self.position, self.rotation
        grasp, now = self.track.target(self.start), self.track.target(time)
        turn = now.rotation @ grasp.rotation.T
        return now.point + turn @ (self.position - grasp.point), turn @ self.rotation
