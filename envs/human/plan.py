"""What a choreography hands over: the tracks of the hands and where the objects are at any time."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import mujoco
import numpy as np

from ..camera import camera_of, project
from ..kitchen.scene.scene import KitchenScene, set_free_joint
from ..kitchen.state import CARROT_PITCH_M, CARROT_SEGMENTS
from .hand.poses import OPEN
from .motion import HandTrack, Key
from .rotations import Array, to_quaternion
from .style import Style

_EDGE = 0.04  # How far outside of the image (of its side) all joints of a hand are before it enters

ObjectWriter = Callable[[mujoco.MjModel, mujoco.MjData, float], None]


@dataclass
class Plan:
    """A choreography."""

    hands: dict[str, HandTrack]  # tracks by side; the acting hand's side is the style's
    contact: tuple[float, float]  # frame times of the first and last touch
    grasp_point_world_m: Array  # (3,), where the acting hand touches first
    move_objects: ObjectWriter  # writes the objects' state at a time (frames) into model and data


@dataclass(frozen=True)
class Stage:
    """What a choreography may look at: the scene as numbers and as a simulation at rest, and the style."""

    scene: KitchenScene
    model: mujoco.MjModel
    data: mujoco.MjData
    style: Style

    def site(self, name: str) -> Array:
        """Position of a site, (3,) m."""
        return np.array(self.data.site(name).xpos)

    def position(self, name: str) -> Array:
        """Position of an object at rest, (3,) m; the carrot's is its middle segment's."""
        return np.array(self.data.body(body_of(name)).xpos)

    def rotation(self, name: str) -> Array:
        """Rotation matrix (3, 3) of an object at rest."""
        return np.array(self.data.body(body_of(name)).xmat).reshape(3, 3)

    def yaw(self, name: str) -> float:
        """Turn about z of an object as the scene has it, rad."""
        return self.scene.objects[name].yaw_rad

    def track(self, anchor: Array, side: str | None = None) -> HandTrack:
        """An empty track of the acting hand, or of the given side."""
        track = HandTrack(side or self.style.side, self.style.shape, np.zeros(3), anchor)
        track.elbow = np.array([-0.43, track.sign * self.style.elbow_out, 0.15])
        return track

    def pitch(self, point: Array, extra: float = 0.0) -> float:
        """How far the fingers point down at a point, rad; less far away, so that the camera sees the hand's back."""
        return float(self.style.pitch + extra - 0.5 * max(0.0, point[0] - 0.15))

    def heading(self, track: HandTrack, point: Array, follow: float, inward: float | None = None) -> float:
        """Yaw of a hand that reaches for `point`, rad, turned inwards as far as the wrist stays in view.

        It follows the forearm's direction by a fraction, `follow`, and is rotated towards the other side by `inward`
        (the style's where it is None).
        """
        x, y, _ = point - track.elbow
        yaw = follow * float(np.arctan2(y, x)) - track.sign * (self.style.yaw if inward is None else inward)
        room = 0.11 + 0.17 * point[0] - track.sign * point[1]
        limit = float(np.arcsin(np.clip(room / (0.13 * self.style.shape.scale), -0.6, 1.0)))
        return float(-track.sign * min(-track.sign * yaw, limit))

    def enter(self, track: HandTrack, time: float, point: Array, rotation: Array) -> None:
        """Start a track just outside of the image, on the line to `point`, so that the whole reach is seen."""
        pose = self.style.relaxed(OPEN)
        camera = camera_of(self.model, self.data, "egocentric", 1, 1)

        def start(fraction: float) -> Array:
            return np.asarray(track.elbow + fraction * (point - track.elbow) + np.array([0.0, 0.0, 0.03]))

        seen, unseen = 1.0, 0.0
        while seen - unseen > 0.01:
            fraction = 0.5 * (seen + unseen)
            joints = replace(track, keys=[Key(time, start(fraction), rotation, pose)]).state(time).joints
            outside = np.abs(project(camera, joints) - 0.5).max(-1) > 0.5 + _EDGE
            seen, unseen = (seen, fraction) if outside.all() else (fraction, unseen)
        track.add(time, start(unseen), rotation, pose)


def body_of(name: str) -> str:
    """Name of the body that stands for a moved thing."""
    return f"carrot_{CARROT_SEGMENTS // 2}" if name == "carrot" else name


def place_free(data: mujoco.MjData, name: str, position: Array, rotation: Array) -> None:
    """Put a free body at a pose given by a rotation matrix."""
    set_free_joint(data, f"{name}_joint", position, to_quaternion(rotation))


def place_carrot(data: mujoco.MjData, position: Array, rotation: Array) -> None:
    """Put the whole carrot; `position` is the middle segment's."""
    for i in range(CARROT_SEGMENTS):
        along = np.array([0.0, (i - CARROT_SEGMENTS // 2) * CARROT_PITCH_M, 0.0])
        place_free(data, f"carrot_{i}", position + rotation @ along, rotation)
