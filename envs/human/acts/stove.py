"""Turn the stove's knob by a quarter."""

import mujoco
import numpy as np

from ...kitchen.scene.appearance import show_burner
from ..hand.poses import pinch
from ..motion import PINCH, progress
from ..plan import Plan, Stage

_KNOB_WIDTH_M = 0.015
_GLOW_ANGLE = 1.2


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
