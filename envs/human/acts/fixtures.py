"""What stands in the back row: pull the drawer open by its bar, push it shut, turn the stove's knob by a quarter."""

import mujoco
import numpy as np

from ...kitchen.scene.appearance import show_burner
from ..hand.poses import curled, pinch
from ..motion import FINGERTIPS, PINCH, progress
from ..plan import Plan, Stage
from ..rotations import about_z

_KNOB_WIDTH_M = 0.015
_GLOW_ANGLE = 1.2


def open_drawer(stage: Stage) -> Plan:
    """Hook the fingers behind the bar and pull."""
    style = stage.style
    out = about_z(stage.yaw("drawer_unit")) @ np.array([-1.0, 0.0, 0.0])
    distance = style.between(0, 0.092, 0.114)
    bar = stage.site("drawer_handle") + np.array([0.0, style.between(1, -0.012, 0.012), 0.0])
    hook = bar - 0.013 * out + np.array([0.0, 0.0, -0.006])
    track = stage.track(FINGERTIPS)
    rotation = track.orientation(stage.heading(track, hook, 0.7), stage.pitch(hook), style.roll - 0.05)
    straight = style.relaxed(curled(0.25, 0.45, spread=0.06, thumb=(0.2, 0.25, 0.0, 0.2, 0.2)))
    hooked = style.relaxed(curled(0.40, 0.85, spread=0.04, thumb=(0.3, 0.3, -0.2, 0.2, 0.3)))
    start, end = style.contact + 0.5, style.finish - style.between(2, 0.8, 2.5)
    stage.enter(track, style.enter, hook, rotation)
    track.add(style.contact - 1.0, hook + [0.0, 0.0, 0.035], rotation, straight, arc=style.arc)
    track.add(style.contact, hook, rotation, hooked)
    track.add(start, hook, rotation, hooked)
    pulled = hook + distance * out
    track.add(end, pulled, rotation, hooked)
    track.add(end + 0.6, pulled, rotation, hooked)
    track.add(end + 2.4, pulled + [0.01, 0.0, 0.04], rotation, straight)

    def move(model: mujoco.MjModel, data: mujoco.MjData, time: float) -> None:
        data.joint("drawer_slide").qpos[0] = distance * progress(time, start, end)

    return Plan({style.side: track}, (style.contact, end + 0.6), hook, move)


def close_drawer(stage: Stage) -> Plan:
    """Push the bar with the fingers until the drawer is shut."""
    style = stage.style
    out = about_z(stage.yaw("drawer_unit")) @ np.array([-1.0, 0.0, 0.0])
    left_open = style.between(0, 0.0, 0.005)
    distance = stage.scene.drawer_open_m - left_open
    bar = stage.site("drawer_handle") + np.array([0.0, style.between(1, -0.02, 0.02), 0.0])
    touch = bar + 0.016 * out + np.array([0.0, 0.0, 0.004])
    track = stage.track(FINGERTIPS)
    rotation = track.orientation(stage.heading(track, touch, 0.7), stage.pitch(touch, 0.05), style.roll)
    pushing = style.relaxed(curled(0.35, 0.40, spread=0.06, thumb=(0.1, 0.2, 0.0, 0.15, 0.2)))
    loose = style.relaxed(curled(0.20, 0.30, spread=0.12, thumb=(0.05, 0.15, 0.0, 0.15, 0.2)))
    end = style.finish - style.between(2, 0.8, 3.0)
    stage.enter(track, style.enter, touch, rotation)
    track.add(style.contact - 0.9, touch + 0.03 * out + [0, 0, 0.01], rotation, loose, arc=style.arc)
    track.add(style.contact, touch, rotation, pushing)
    shut = touch - distance * out
    track.add(end, shut, rotation, pushing)
    track.add(end + 0.5, shut, rotation, pushing)
    track.add(end + 2.3, shut + 0.05 * out + [0, 0, 0.02], rotation, loose)

    def move(model: mujoco.MjModel, data: mujoco.MjData, time: float) -> None:
        pushed = distance * progress(time, style.contact, end)
        data.joint("drawer_slide").qpos[0] = stage.scene.drawer_open_m - pushed

    return Plan({style.side: track}, (style.contact, end + 0.5), touch, move)


def turn_on_stove(stage: Stage) -> Plan:
    """Pinch the knob's bar, turn the hand with it, and let go; the burner glows."""
    style = stage.style
    grip = stage.site("knob_grip")
    track = stage.track(PINCH)
    angle = style.between(0, 1.42, 1.57)
    twist = style.between(1, 0.75, 0.95)
    inmost = stage.heading(track, grip, 1.0, style.between(2, 0.25, 0.55))
    first, second = (inmost - twist, inmost) if style.side == "right" else (inmost, inmost + twist)
    pitch = stage.pitch(grip)
    before = track.orientation(first, pitch, style.roll)
    after = track.orientation(second, pitch, style.roll)
    closed = style.relaxed(pinch(_KNOB_WIDTH_M / style.shape.scale, others=0.1))
    wide = style.relaxed(pinch(0.05))
    start, end = style.contact + 0.6, style.finish - style.between(3, 1.4, 3.0)
    stage.enter(track, style.enter, grip, before)
    track.add(style.contact - 1.2, grip + [-0.012, 0.0, 0.03], before, wide, arc=style.arc)
    track.add(style.contact, grip, before, closed)
    track.add(start, grip, before, closed)
    track.add(end, grip, after, closed)
    track.add(end + 0.7, grip + [0.0, 0.0, 0.01], after, wide)
    track.add(end + 2.4, grip + np.array([-0.09, 0.0, 0.035]), after, wide)

    def move(model: mujoco.MjModel, data: mujoco.MjData, time: float) -> None:
        turned = angle * progress(time, start, end)
        data.joint("knob_hinge").qpos[0] = turned
        show_burner(model, turned >= _GLOW_ANGLE)

    return Plan({style.side: track}, (style.contact, end), grip, move)
