"""What a parallel gripper is to do: poses one after another, each with how fast to get there and whether to hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ivg.errors import InputError

InteractionType = Literal["grasp", "drag", "push"]
"""How a hand moves a thing: it holds it, hooks or rests on it and takes it along, or pushes it away."""


OPENING_M = 0.1
"""How long the way from open to closed is taken to be, m."""


@dataclass(frozen=True, eq=False)
class GripperPlan:
    """A sequence of n goals for a gripper that points straight down.

    Attributes:
        pos_world_m: float64 (n, 3), where the point between the finger tips goes.
        yaw_rad: float64 (n,), angle of the closing direction about the world's z axis; 0 closes along x. Continuous.
        closed: bool (n,), whether the gripper is closed on the way to the goal and there.
        speed_m_s: float64 (n,), how fast the goal is gone to.
        dwell_s: float64 (n,), how long to stay there, for the fingers to close or open.
        phase: float64 (n,) in [0, 1], which moment of the demonstration the goal belongs to; does not fall.
        manner: How the thing is moved.
    """

    pos_world_m: NDArray[np.float64]
    yaw_rad: NDArray[np.float64]
    closed: NDArray[np.bool_]
    speed_m_s: NDArray[np.float64]
    dwell_s: NDArray[np.float64]
    phase: NDArray[np.float64]
    interaction_type: InteractionType

    def __post_init__(self) -> None:
        """Validate shapes and values."""
        goals = len(self.pos_world_m)
        if self.pos_world_m.shape != (goals, 3) or goals == 0:
            raise InputError(f"pos_world_m must have shape (n, 3) with n > 0, got {self.pos_world_m.shape}")
        for name in ("yaw_rad", "closed", "speed_m_s", "dwell_s", "phase"):
            if getattr(self, name).shape != (goals,):
                raise InputError(f"{name} must have shape ({goals},), got {getattr(self, name).shape}")
        numbers = (self.pos_world_m, self.yaw_rad, self.speed_m_s, self.dwell_s, self.phase)
        if not all(np.isfinite(values).all() for values in numbers):
            raise InputError("a gripper plan must hold finite numbers only")
        if (self.speed_m_s <= 0).any():
            raise InputError(f"speed_m_s must be positive, got {self.speed_m_s.min()}")

    @property
    def fraction_done(self) -> NDArray[np.float64]:
        """float64 (n,) in [0, 1]: how much of the way is done at each goal; a closing or opening counts `OPENING_M`."""
        way = np.column_stack([self.pos_world_m, OPENING_M * ~self.closed])
        length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(way, axis=0), axis=1))])
        return np.asarray(length / max(length[-1], 1e-9))

    def __len__(self) -> int:
        """Return the number of goals."""
        return len(self.pos_world_m)
