"""Stir the pot with the spoon, the other hand holding the pot's handle."""

from collections.abc import Callable

import mujoco
import numpy as np

from ..hand.poses import pinch
from ..motion import PINCH, HandTrack, progress
from ..plan import Plan, Stage
from ..rotations import Array, about_z

_STICK_WIDTH_M = 0.016


def stir_pot(stage: Stage) -> Plan:
    """Pinch the spoon's top and lead it round the pot one and a half to two times."""
    style = stage.style
    start_xy = np.array(stage.scene.spoon_xy_m)
    radius = style.between(0, 0.022, 0.030)
    first = float(np.arctan2(start_xy[1], start_xy[0]))
    turns = style.between(1, 1.15, 1.7) * (1.0 if style.variation[2] < 0.5 else -1.0) * 2 * np.pi
    begin, end = style.contact + 0.3, style.finish + 0.8
    turn = about_z(stage.yaw("pot"))
    grip = stage.site("spoon_grip")

    def spoon(time: float) -> Array:
        fraction = np.clip((time - begin) / (end - begin), 0.0, 1.0)
        eased = fraction + 0.12 * np.sin(2 * np.pi * fraction) / (2 * np.pi) * -1.0
        angle = first + turns * eased
        length = np.hypot(*start_xy) + (radius - np.hypot(*start_xy)) * progress(time, begin, begin + 1.5)
        return np.array([length * np.cos(angle), length * np.sin(angle)])

    track = _stirring_hand(stage, grip, begin, end, lambda time: grip + turn @ np.r_[spoon(time) - start_xy, 0.0])
    hands = {style.side: track, style.other_side: _holding_hand(stage)}

    def move(model: mujoco.MjModel, data: mujoco.MjData, time: float) -> None:
        data.joint("spoon_x").qpos[0], data.joint("spoon_y").qpos[0] = spoon(time)

    return Plan(hands, (style.contact, 15.0), grip, move)


def _stirring_hand(stage: Stage, grip: Array, begin: float, end: float, path: Callable[[float], Array]) -> HandTrack:
    style = stage.style
    track = stage.track(PINCH)
    rotation = track.orientation(stage.heading(track, grip, 0.8), stage.pitch(grip), style.roll)
    closed = style.relaxed(pinch(_STICK_WIDTH_M / style.shape.scale, others=0.2))
    wide = style.relaxed(pinch(0.05))
    stage.enter(track, style.enter, grip, rotation)
    track.add(style.contact - 1.0, grip + [-0.02, style.sign * 0.01, 0.01], rotation, wide, arc=style.arc)
    track.add(style.contact, grip, rotation, closed)
    for time in np.arange(begin, end + 0.01, 0.25):
        track.add(float(time), path(float(time)), rotation, closed)
    return track


def _holding_hand(stage: Stage) -> HandTrack:
    """The other hand comes a little later, takes the pot's handle on its side, and stays."""
    style, sizes, track = stage.style, stage.scene.sizes, stage.track(PINCH, stage.style.other_side)
    local = np.array([-0.004, track.sign * (sizes["pot_radius"] + 0.024), sizes["pot_height"] - 0.012])
    handle = stage.position("pot") + about_z(stage.yaw("pot")) @ local
    yaw = stage.heading(track, handle, 0.85, style.between(3, 0.0, 0.25))
    rotation = track.orientation(yaw, stage.pitch(handle), style.between(4, 0.0, 0.2))
    closed = pinch(0.012 / style.shape.scale, others=0.1)
    delay = style.between(5, 0.2, 0.9)
    stage.enter(track, style.enter + delay, handle, rotation)
    track.add(style.contact + delay - 1.2, handle + [-0.02, 0.0, 0.025], rotation, pinch(0.05), arc=style.arc)
    track.add(style.contact + delay, handle, rotation, closed)
    return track
