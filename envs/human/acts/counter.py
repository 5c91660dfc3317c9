"""Along the counter: push the plate away, wipe the stain off with the sponge."""

import mujoco
import numpy as np

from ...errors import EnvsError
from ...kitchen.scene.sizes import SPONGE_HEIGHT_M
from ...kitchen.state import STAIN_SPOTS
from ..hand.poses import curled
from ..motion import FINGER_PADS, FINGERTIPS, Attachment, HandTrack, progress
from ..plan import Plan, Stage, place_free
from ..rotations import Array

_HALF_SIZES_M = {"stove": (0.095, 0.085), "drawer_unit": (0.125, 0.1), "knife_rest": (0.03, 0.02)}
_RADII_M = {"mug": 0.055, "sponge": 0.045, "pot": 0.075}
_LEAST_PUSH_M = 0.068


def push_plate(stage: Stage) -> Plan:
    """Fingertips against the near rim; the plate slides away and stays where it is left."""
    style = stage.style
    plate, radius = stage.position("plate"), stage.scene.sizes["plate_radius"]
    direction, distance = _clear_direction(
        stage, plate, radius, style.between(1, -0.12, 0.12), style.between(0, 0.078, 0.11)
    )
    touch = plate - (radius + 0.006) * direction + np.array([0.0, 0.0, 0.014])
    track = stage.track(FINGERTIPS)
    rotation = track.orientation(stage.heading(track, touch, 0.6), stage.pitch(touch, 0.15), style.roll)
    pushing = style.relaxed(curled(0.40, 0.50, spread=0.14, thumb=(0.1, 0.2, 0.0, 0.15, 0.2)))
    loose = style.relaxed(curled(0.25, 0.35, spread=0.18, thumb=(0.05, 0.15, 0.0, 0.15, 0.2)))
    end = style.finish - style.between(2, 0.6, 2.5)
    stage.enter(track, style.enter, touch, rotation)
    track.add(style.contact - 0.8, touch - 0.02 * direction + [0, 0, 0.02], rotation, loose, arc=style.arc)
    track.add(style.contact, touch, rotation, pushing)
    pushed = touch + distance * direction
    track.add(end, pushed, rotation, pushing)
    track.add(end + 0.5, pushed, rotation, pushing)
    track.add(end + 2.2, pushed - 0.03 * direction + [0, 0, 0.03], rotation, loose)
    turn = stage.rotation("plate")

    def move(model: mujoco.MjModel, data: mujoco.MjData, time: float) -> None:
        done = progress(time, style.contact, end)
        place_free(data, "plate", plate + distance * done * direction, turn)

    return Plan({style.side: track}, (style.contact, end + 0.5), touch, move)


def _clear_direction(stage: Stage, plate: Array, radius: float, heading: float, distance: float) -> tuple[Array, float]:
    """The direction (3,) and distance of the push: as drawn where nothing stands there, else turned or shortened."""
    for turn in (0.0, 0.2, -0.2, 0.4, -0.4, 0.6, -0.6):
        direction = np.array([np.cos(heading + turn), np.sin(heading + turn), 0.0])
        for length in (distance, _LEAST_PUSH_M / direction[0]):
            if _is_free(stage, plate + length * direction, radius):
                return direction, length
    return np.array([np.cos(heading), np.sin(heading), 0.0]), distance


def _is_free(stage: Stage, centre: Array, radius: float) -> bool:
    """Whether a plate at `centre` touches nothing else on the counter."""
    for name, placement in stage.scene.objects.items():
        offset = np.abs(centre[:2] - placement.position[:2])
        if name in _HALF_SIZES_M:
            gap = np.hypot(*np.maximum(offset - _HALF_SIZES_M[name], 0.0))
        elif name in _RADII_M:
            gap = np.hypot(*offset) - _RADII_M[name]
        else:
            continue
        if gap < radius:
            return False
    return True


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
