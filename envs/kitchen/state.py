"""The state that success is judged on, and what physics alone does not do: cuts, wiped spots, counted stirring."""

from dataclasses import dataclass

import mujoco
import numpy as np

CARROT_SEGMENTS = 5
CARROT_PITCH_M = 0.02  # Length of a segment
POT_WALLS = 16
STAIN_SPOTS = 8
_WEDGE_SPEED_M_S = 0.12
_TOUCH_M = 0.006
OBJECTS = ("knife", "mug", "plate", "pot", "sponge")


@dataclass(frozen=True)
class KitchenState:
    """What the kitchen's objects are doing; metres, radians, world frame (z = 0 is the counter's top)."""

    carrot_pos_world_m: np.ndarray  # Centres of the carrot's segments, `(5, 3)`
    # Which of the four joints between segments are cut, bool `(4,)`; all where there is no carrot
    carrot_parted: np.ndarray
    drawer_slide_m: float  # 0 closed to 0.12 open
    knob_angle_rad: float  # 0 off to pi/2 on
    stains_wiped: np.ndarray  # Which spots are gone, bool `(8,)`
    stirred_rad: float  # Signed angle that the spoon has gone round the pot's centre since the reset
    object_pose: dict[str, np.ndarray]  # Name to `(7,)` position and quaternion (wxyz) of the free objects

    def position(self, name: str) -> np.ndarray:
        """Return the position of a free object, `(3,)` m."""
        return self.object_pose[name][:3]

    def upright(self, name: str) -> float:
        """Return the cosine of the angle between the object's own z axis and the world's."""
        _, x, y, _ = self.object_pose[name][3:]
        return float(1 - 2 * (x * x + y * y))


def read_state(model: mujoco.MjModel, data: mujoco.MjData, stirred_rad: float = 0.0) -> KitchenState:
    """Read the state (copies) from a simulation whose kinematics are up to date; `stirred_rad` is a `StirCounter`'s."""
    welds = [model.equality(f"carrot_weld_{i}").id for i in range(CARROT_SEGMENTS - 1)]
    return KitchenState(
        carrot_pos_world_m=np.array([data.body(f"carrot_{i}").xpos for i in range(CARROT_SEGMENTS)]),
        carrot_parted=np.array([data.eq_active[weld] == 0 for weld in welds]),
        drawer_slide_m=float(data.joint("drawer_slide").qpos[0]),
        knob_angle_rad=float(data.joint("knob_hinge").qpos[0]),
        stains_wiped=np.array([model.geom(f"stain_{i}").rgba[3] < 0.5 for i in range(STAIN_SPOTS)]),
        stirred_rad=stirred_rad,
        object_pose={name: data.joint(f"{name}_joint").qpos.copy() for name in OBJECTS},
    )


def joints_under_blade(model: mujoco.MjModel, data: mujoco.MjData) -> np.ndarray:
    """Tell which of the carrot's joints the knife's blade is pressed through, bool `(4,)`; kinematics are up to date.

    A joint is cut when the blade's plane passes the joint within half a segment, along the carrot, the blade is over
    the carrot's axis, and its edge is below that axis.
    """
    blade = data.geom("knife_blade")
    half_length, _, half_height = model.geom("knife_blade").size
    rotation = blade.xmat.reshape(3, 3)
    cut = np.zeros(CARROT_SEGMENTS - 1, dtype=bool)
    for i in range(CARROT_SEGMENTS - 1):
        joint = (data.body(f"carrot_{i}").xpos + data.body(f"carrot_{i + 1}").xpos) / 2
        along, across, up = rotation.T @ (joint - blade.xpos)
        cut[i] = abs(along) <= half_length and abs(across) <= CARROT_PITCH_M / 2 and -half_height <= up <= half_height
    return cut


def part_carrot(model: mujoco.MjModel, data: mujoco.MjData) -> None:
    """Switch off the welds under the blade, and let the blade's wedge drive the two sides a little apart."""
    for i in np.flatnonzero(joints_under_blade(model, data)):
        weld = model.equality(f"carrot_weld_{i}").id
        if not data.eq_active[weld]:
            continue
        data.eq_active[weld] = 0
        for segment in range(CARROT_SEGMENTS):
            axis = data.body(f"carrot_{segment}").xmat.reshape(3, 3)[:, 1]
            sign = 1.0 if segment > i else -1.0
            data.joint(f"carrot_{segment}_joint").qvel[:3] += sign * _WEDGE_SPEED_M_S * axis * [1, 1, 0]


def wipe_stains(model: mujoco.MjModel, data: mujoco.MjData) -> None:
    """Make the spots under the sponge transparent, where its underside is within 6 mm of the counter."""
    sponge = data.geom("sponge_foam")
    rotation = sponge.xmat.reshape(3, 3)
    half = model.geom("sponge_foam").size
    lowest = sponge.xpos[2] - np.abs(rotation[2]) @ half
    if lowest > _TOUCH_M:
        return
    for i in range(STAIN_SPOTS):
        local = rotation.T @ (data.body(f"stain_{i}").xpos - sponge.xpos)
        if abs(local[0]) <= half[0] and abs(local[1]) <= half[1]:
            model.geom(f"stain_{i}").rgba[3] = 0.0


class StirCounter:
    """Sums up how far round the pot's centre the spoon has gone; only where it is 8 mm or more off the centre."""

    def __init__(self) -> None:
        self.angle_rad = 0.0
        self._last: float | None = None

    def update(self, spoon_xy_m: np.ndarray) -> float:
        """Take the spoon's offset from the pot's centre, `(2,)` m, and return the signed sum in radians."""
        if np.hypot(*spoon_xy_m) < 0.008:
            self._last = None
            return self.angle_rad
        angle = float(np.arctan2(spoon_xy_m[1], spoon_xy_m[0]))
        if self._last is not None:
            self.angle_rad += (angle - self._last + np.pi) % (2 * np.pi) - np.pi
        self._last = angle
        return self.angle_rad
