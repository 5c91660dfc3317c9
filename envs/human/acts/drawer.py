"""Pull a drawer open by its bar, or push it shut."""

import mujoco
import numpy as np

from ..hand.poses import curled
from ..motion import FINGERTIPS, progress
from ..plan import Plan, Stage
from ..rotations import about_z


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
