"""Wipe the stain off the counter with the sponge."""

import mujoco
import numpy as np
from numpy.typing import NDArray

from ...errors import EnvsError
from ...kitchen.scene.sizes import SPONGE_HEIGHT_M
from ...kitchen.state import STAIN_SPOTS
from ..hand.poses import curled
from ..motion import FINGER_PADS, Attachment, HandTrack
from ..plan import Plan, Stage, place_free

Array = NDArray[np.float64]


def wipe_counter(stage: Stage) -> Plan:
    """Flat hand on the sponge, strokes to and fro over the spots; a spot goes when the sponge has covered it."""
    style = stage.style
    stains = stage.scene.stains_xy_m
    if stains is None:
        raise EnvsError(f"scene of task {stage.scene.task!r}: wiping needs one with stains, of wipe_counter.")
    sponge = stage.position("sponge")
    on_top = np.array([0.0, 0.0, SPONGE_HEIGHT_M / 2 + 0.009])
    grip = sponge + on_top
    track = stage.track(FINGER_PADS)
    rotation = track.orientation(stage.heading(track, grip, 0.75), stage.pitch(grip, 0.05), style.roll - 0.03)
    resting = style.relaxed(curled(0.22, 0.42, spread=0.10, thumb=(0.2, 0.05, 0.0, 0.15, 0.2)))
    loose = style.relaxed(curled(0.15, 0.25, spread=0.16, thumb=(0.05, 0.15, 0.0, 0.15, 0.2)))
    contact = style.contact - 0.5
    stage.enter(track, style.enter, grip, rotation)
    track.add(contact - 0.9, grip + [-0.01, 0.0, 0.03], rotation, loose, arc=style.arc)
    track.add(contact, grip, rotation, resting)
    end = _add_strokes(stage, track, contact + 0.3, rotation, stains, grip[2])
    held = Attachment(track, contact, sponge, stage.rotation("sponge"))
    wiped = _wipe_times(stage, held, stains, contact, end)

    def move(model: mujoco.MjModel, data: mujoco.MjData, time: float) -> None:
        position, turn = held.pose(time)
        place_free(data, "sponge", position, turn)
        for spot in range(STAIN_SPOTS):
            model.geom(f"stain_{spot}").rgba[3] = float(time < wiped[spot])

    return Plan({style.side: track}, (contact, 15.0), grip, move)


def _add_strokes(stage: Stage, track: HandTrack, start: float, rotation: Array, stains: Array, height: float) -> float:
    """Two or three strokes along the stain; returns when the last one ends."""
    style = stage.style
    middle = stains.mean(axis=0)
    half = float(np.ptp(stains[:, 1])) / 2 - 0.012
    from_left = track.keys[-1].point[1] > middle[1]
    strokes = 2 if style.variation[0] < 0.6 else 3
    times = np.linspace(start, style.finish + 0.4, strokes + 2)
    for count in range(strokes + 1):
        side = (1.0 if from_left else -1.0) * (-1.0) ** count
        along = middle[1] + side * half
        across = middle[0] + style.between(1 + count, -0.010, 0.010)
        key_pose = track.keys[-1].pose
        track.add(float(times[count + 1]), [across, along, height], rotation, key_pose)
    return float(times[-1])


def _wipe_times(stage: Stage, held: Attachment, stains: Array, start: float, end: float) -> Array:
    """When each spot is first under the sponge, frames; infinite where it never is."""
    half = np.array([stage.scene.sizes["sponge_length"], stage.scene.sizes["sponge_width"]]) / 2
    times = np.full(STAIN_SPOTS, np.inf)
    for time in np.arange(start, end + 0.05, 0.05):
        position, turn = held.pose(float(time))
        local = (stains - position[:2]) @ turn[:2, :2]
        under = (np.abs(local) < half - 0.002).all(axis=1)
        times = np.where(under & (time < times), time, times)
    return times
