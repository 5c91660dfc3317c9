"""The physical state that success is judged on, read from a simulation by name."""

from dataclasses import dataclass

import mujoco
import numpy as np

CARROT_SEGMENTS = 5
CARROT_PITCH_M = 0.02  # Length of a segment

POT_WALLS = 16
STAIN_SPOTS = 8
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
