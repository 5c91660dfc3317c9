"""Push the plate away along the counter."""

import mujoco
import numpy as np
from numpy.typing import NDArray

from ..hand.poses import curled
from ..motion import FINGERTIPS, progress
from ..plan import Plan, Stage, place_free

Array = NDArray[np.float64]
_HALF_SIZES_M = {"stove": (0.095, 0.085), "drawer_unit": (0.125, 0.1), "knife_rest": (0.03, 0.02)}
_RADII_M = {"mug": 0.055, "sponge": 0.045, "pot": 0.075}
_LEAST_PUSH_M = 0.068


def push_plate(stage: Stage) -> Plan:
    """Fingertips against the near rim; the plate slides away and stays where it is left."""
    style = stage.style
    plate, radius = stage.position("plate"), stage.scene.sizes["plate_radius"]
    way, distance = _clear_way(stage, plate, radius, style.between(1, -0.12, 0.12), style.between(0, 0.078, 0.11))
    touch = plate - (radius + 0.006) * way + np.array([0.0, 0.0, 0.014])
    track = stage.track(FINGERTIPS)
    rotation = track.orientation(stage.heading(track, touch, 0.6), stage.pitch(touch, 0.15), style.roll)
    pushing = style.relaxed(curled(0.40, 0.50, spread=0.14, thumb=(0.1, 0.2, 0.0, 0.15, 0.2)))
    loose = style.relaxed(curled(0.25, 0.35, spread=0.18, thumb=(0.05, 0.15, 0.0, 0.15, 0.2)))
    end = style.finish - style.between(2, 0.6, 2.5)
    stage.enter(track, style.enter, touch, rotation)
    track.add(style.contact - 0.8, touch - 0.02 * way + [0, 0, 0.02], rotation, loose, arc=style.arc)
    track.add(style.contact, touch, rotation, pushing)
    pushed = touch + distance * way
    track.add(end, pushed, rotation, pushing)
    track.add(end + 0.5, pushed, rotation, pushing)
    track.add(end + 2.2, pushed - 0.03 * way + [0, 0, 0.03], rotation, loose)
    turn = stage.rotation("plate")

    def move(model: mujoco.MjModel, data: mujoco.MjData, time: float) -> None:
        done = progress(time, style.contact, end)
        place_free(data, "plate", plate + distance * done * way, turn)

    return Plan({style.side: track}, (style.contact, end + 0.5), touch, move)


def _clear_way(stage: Stage, plate: Array, radius: float, heading: float, distance: float) -> tuple[Array, float]:
    """The direction (3,) and distance of the push: as drawn where nothing stands there, else turned or shortened."""
    for turn in (0.0, 0.2, -0.2, 0.4, -0.4, 0.6, -0.6):
        way = np.array([np.cos(heading + turn), np.sin(heading + turn), 0.0])
        for length in (distance, _LEAST_PUSH_M / way[0]):
            if _is_free(stage, plate + length * way, radius):
                return way, length
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
