"""Both hands at work: cut the carrot with the knife while holding it, stir with the spoon while holding the pot."""

from collections.abc import Callable

import mujoco
import numpy as np

from ...kitchen.state import CARROT_PITCH_M, CARROT_SEGMENTS
from ..hand.poses import pinch
from ..motion import PINCH, HandTrack, progress
from ..plan import Plan, Stage, place_free
from ..rotations import Array, about_z, blend

_GRIP = np.array([0.020, 0.0, 0.003])
_BLADE_MIDDLE_M = 0.122
_EDGE_BELOW_M = 0.0225
_HANDLE_WIDTH_M, _STICK_WIDTH_M = 0.019, 0.016


def cut_carrot(stage: Stage) -> Plan:
    """Take the knife, saw through one joint of the carrot, and push the piece aside."""
    style = stage.style
    carrot, yaw, lying = stage.position("carrot"), stage.yaw("carrot"), stage.rotation("carrot")
    joint = int(style.between(0, 0, 1.999)) if style.side == "right" else int(style.between(0, 2, 3.999))
    cut = carrot + lying[:, 1] * (joint - 1.5) * CARROT_PITCH_M
    knife, rest, cutting = stage.position("knife"), stage.rotation("knife"), about_z(yaw)
    track = stage.track(PINCH)
    _take_knife(stage, track, knife + rest @ _GRIP)
    reach, parted = _saw(stage, track, cut, cutting[:, 0])
    hands = {style.side: track, style.other_side: _hold_carrot(stage, carrot, lying[:, 1])}

    def move(model: mujoco.MjModel, data: mujoco.MjData, time: float) -> None:
        if time > style.contact:
            rotation = blend(rest, cutting, progress(time, style.contact, reach))
            place_free(data, "knife", track.target(time).point - rotation @ _GRIP, rotation)
        parting = progress(time, parted - 0.3, parted + 1.2)
        _place_pieces(data, stage, carrot, lying, joint, parting)
        data.eq_active[model.equality(f"carrot_weld_{joint}").id] = int(parting == 0)

    return Plan(hands, (style.contact, 15.0), knife + rest @ _GRIP, move)


def _take_knife(stage: Stage, track: HandTrack, grip: Array) -> None:
    style = stage.style
    yaw = stage.yaw("knife") + stage.heading(track, grip, 0.5, 0.05)
    rotation = track.orientation(yaw, stage.pitch(grip), style.roll)
    closed = style.relaxed(pinch(_HANDLE_WIDTH_M / style.shape.scale, others=0.15))
    contact = style.contact - 0.4
    stage.enter(track, style.enter, grip, rotation)
    track.add(contact - 1.0, grip + [-0.01, 0, 0.03], rotation, style.relaxed(pinch(0.055)), arc=style.arc)
    track.add(contact, grip, rotation, closed)
    track.add(style.contact, grip, rotation, closed)


def _saw(stage: Stage, track: HandTrack, cut: Array, forward: Array) -> tuple[float, float]:
    """Bring the blade over the carrot and saw down; returns when it is over the carrot and when it is through."""
    style, radius = stage.style, stage.scene.sizes["carrot_radius"]
    grip, closed = track.keys[-1].point, track.keys[-1].pose
    middle = cut - forward * (_BLADE_MIDDLE_M - _GRIP[0]) + [0, 0, _EDGE_BELOW_M + _GRIP[2]]
    top, down = middle + [0.0, 0.0, radius], middle - [0.0, 0.0, radius]
    yaw = stage.heading(track, middle, 0.8, style.between(7, 0.15, 0.45))
    rotation = track.orientation(yaw, stage.pitch(middle), style.roll + 0.1)
    reach = style.contact + style.between(1, 2.4, 3.0)
    parted = style.finish - style.between(2, 1.3, 2.2)
    track.add(0.5 * (style.contact + reach), 0.5 * (grip + top) + [-0.01, 0.0, 0.035], rotation, closed)
    track.add(reach, top + 0.012 * forward + [0, 0, 0.006], rotation, closed)
    for count in (1, 2, 3):
        point = top + (down - top) * count / 3 + 0.014 * (-1.0) ** count * forward
        track.add(reach + (parted - reach) * count / 3, point, rotation, closed)
    aside = np.array([-0.014, style.sign * 0.014, 0.002])
    track.add(parted + 1.3, down + aside, rotation, closed)
    track.add(parted + 2.6, down + 2 * aside + [0, 0, 0.03], rotation, closed)
    return reach, parted


def _hold_carrot(stage: Stage, carrot: Array, axis: Array) -> HandTrack:
    """The other hand's fingers on the far end of the carrot."""
    style, track = stage.style, stage.track(PINCH, stage.style.other_side)
    radius = stage.scene.sizes["carrot_radius"]
    spot = carrot + axis * track.sign * style.between(3, 0.034, 0.046) + [-0.004, 0.0, 0.25 * radius]
    yaw = stage.heading(track, spot, 0.9, style.between(4, 0.0, 0.2))
    rotation = track.orientation(yaw, stage.pitch(spot), style.between(5, -0.05, 0.15))
    closed = pinch(2 * radius / style.shape.scale, others=0.05)
    delay = style.between(6, 0.2, 0.9)
    stage.enter(track, style.enter + delay, spot, rotation)
    over = spot + np.array([-0.02, track.sign * 0.01, 0.03])
    track.add(style.contact + delay - 1.0, over, rotation, pinch(0.06), arc=style.arc)
    track.add(style.contact + delay, spot, rotation, closed)
    return track


def _place_pieces(data: mujoco.MjData, stage: Stage, carrot: Array, lying: Array, joint: int, parted: float) -> None:
    """Segments up to the cut joint and after it; the acting hand's side slides off and turns as they part."""
    acting_low = stage.style.side == "right"
    radius = stage.scene.sizes["carrot_radius"]
    for segment in range(CARROT_SEGMENTS):
        low = segment <= joint
        loose = parted if low == acting_low else 0.0
        direction = -1.0 if low else 1.0
        pivot = np.array([0.0, (joint - 1.5) * CARROT_PITCH_M, 0.0])
        offset = np.array([0.0, (segment - CARROT_SEGMENTS // 2) * CARROT_PITCH_M, 0.0]) - pivot
        turn = lying @ about_z(-direction * 0.22 * loose)
        shift = lying @ (pivot + np.array([0.25 * radius, direction * 0.014, 0.0]) * loose)
        place_free(data, f"carrot_{segment}", carrot + shift + turn @ offset, turn)


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
    hands = {style.side: track, style.other_side: _hold_pot(stage)}

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


def _hold_pot(stage: Stage) -> HandTrack:
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
