"""Pick something up from above and put it down elsewhere: the carrot into the pot, the mug onto the plate."""

import mujoco
import numpy as np

from ..hand.poses import pinch
from ..motion import PINCH, Attachment, HandTrack
from ..plan import Plan, Stage, place_carrot, place_free
from ..rotations import Array, about_x, about_z


def carrot_to_pot(stage: Stage) -> Plan:
    """Pinch the carrot in its middle, carry it over the pot, let it fall in."""
    style, sizes = stage.style, stage.scene.sizes
    carrot, pot = stage.position("carrot"), stage.position("pot")
    grip = carrot + np.array([0.0, 0.0, 0.003])
    drop = pot + np.array([style.between(0, -0.012, 0.004), 0.0, sizes["pot_height"] + 0.028])
    track, released = _carry(stage, grip, drop, 2 * sizes["carrot_radius"], lift=0.06, turn=style.between(1, -0.3, 0.3))
    held = Attachment(track, style.contact, carrot, stage.rotation("carrot"))
    rest = pot + np.array([style.between(2, -0.008, 0.008), style.between(3, -0.008, 0.008), 0.045])

    def move(model: mujoco.MjModel, data: mujoco.MjData, time: float) -> None:
        position, rotation = held.pose(min(time, released))
        if time > released:
            fallen = min(1.0, ((time - released) / 1.2) ** 2)
            position = position + (rest - position) * fallen
            rotation = rotation @ about_x(0.42 * fallen)
        place_carrot(data, position, rotation)

    return Plan({style.side: track}, (style.contact, released), grip, move)


def mug_to_plate(stage: Stage) -> Plan:
    """Take the mug round its rim from above and stand it on the plate."""
    style, sizes = stage.style, stage.scene.sizes
    mug, plate, height = stage.position("mug"), stage.position("plate"), sizes["mug_height"]
    grip = mug + np.array([0.0, 0.0, height / 2 - 0.012])
    rest = plate + np.array([style.between(0, -0.012, 0.012), style.between(1, -0.012, 0.012), 0.0])
    rest[2] += sizes["plate_thickness"] + height / 2 + 0.001
    put = rest + np.array([0.0, 0.0, height / 2 - 0.012])
    track, released = _carry(stage, grip, put, 2 * sizes["mug_radius"], lift=0.05, turn=style.between(2, -0.2, 0.2))
    held = Attachment(track, style.contact, mug, stage.rotation("mug"))

    def move(model: mujoco.MjModel, data: mujoco.MjData, time: float) -> None:
        position, rotation = held.pose(min(time, released))
        place_free(data, "mug", position, rotation)

    return Plan({style.side: track}, (style.contact, released), grip, move)


def _carry(stage: Stage, grip: Array, put: Array, width: float, *, lift: float, turn: float) -> tuple[HandTrack, float]:
    """The hand's way there and back; returns the track and the moment of letting go.

    The carried thing ends where the anchor is at `put`, turned about z by `turn`.
    """
    style = stage.style
    track = stage.track(PINCH)
    closed = style.relaxed(pinch(width / style.shape.scale, others=0.15))
    wide = style.relaxed(pinch(width / style.shape.scale + 0.035))
    yaw = stage.heading(track, grip, 0.8)
    turn += float(np.clip(stage.heading(track, put, 0.8) - yaw, -1.0, 1.0))
    taken = track.orientation(yaw, stage.pitch(grip), style.roll)
    placed = about_z(turn) @ taken
    released = style.finish - 2.3
    height = np.array([0.0, 0.0, lift])
    stage.enter(track, style.enter, grip, taken)
    track.add(style.contact - 1.3, grip + np.array([-0.015, 0.0, 0.035]), taken, wide, arc=style.arc)
    track.add(style.contact - 0.4, grip, taken, wide)
    track.add(style.contact, grip, taken, closed)
    track.add(style.contact + 1.4, grip + 0.8 * height, taken, closed)
    track.add(released - 1.4, put + 0.7 * height, placed, closed, arc=0.03)
    track.add(released, put, placed, closed)
    track.add(released + 0.7, put + [0, 0, 0.012], placed, wide)
    inwards = -np.sign(put[1]) * min(0.03, abs(float(put[1])))
    away = put + np.array([-0.105, inwards, 0.035])
    track.add(released + 2.4, away, placed, wide)
    return track, released
