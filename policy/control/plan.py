"""A plan for a parallel gripper: goal poses in order, each with its speed and whether the gripper is closed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ivg.errors import InputError

from ..retargeting.interaction import InteractionType

OPENING_M = 0.1
"""Distance that a closing or opening of the gripper counts as, m."""


@dataclass(frozen=True, eq=False)
class GripperPlan:
    """A sequence of n goals for a gripper that points straight down.

    Attributes:
        pos_world_m: float64 (n, 3), where the point between the finger tips goes.
        yaw_rad: float64 (n,), angle of the closing direction about the world's z axis; 0 closes along x. Continuous.
        closed: bool (n,), whether the gripper is closed while it moves to the goal and there.
        speed_m_s: float64 (n,), speed towards the goal.
        dwell_s: float64 (n,), how long to stay at the goal, for the fingers to close or open.
        phase: float64 (n,) in [0, 1], the moment of the demonstration the goal belongs to; does not fall.
        interaction_type: How the object is moved.
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
        """float64 (n,) in [0, 1]: length of the plan up to each goal; a closing or opening counts `OPENING_M`."""
        points = np.column_stack([self.pos_world_m, OPENING_M * ~self.closed])
        length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
        return np.asarray(length / max(length[-1], 1e-9))

    def __len__(self) -> int:
        """Return the number of goals."""
        return len(self.pos_world_m)
