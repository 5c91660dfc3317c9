"""Hand joints in the world, and what produces them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ivg.errors import InputError
from ivg.types import JOINTS, Camera, HandTracks

THUMB_TIP, INDEX_TIP = 4, 8  # the joints whose middle is the pinch point


@dataclass(frozen=True, eq=False)
class LiftedHands:
    """Hands of a clip in metres; hand 0 is left, 1 right. Present hands have finite joints (else `InputError`)."""

    joints_world_m: NDArray[np.float32]  # (t, 2, 21, 3), world frame, MediaPipe's order; NaN where absent
    present: NDArray[np.bool_]  # (t, 2), where there are joints
    method: str  # "network" or "pnp"
    provenance: dict[str, Any] = field(default_factory=dict)  # weights, their hash, ...; JSON values

    def __post_init__(self) -> None:
        joints, present = self.joints_world_m, self.present
        if joints.ndim != 4 or joints.shape[1:] != (2, JOINTS, 3) or joints.dtype != np.float32:
            raise InputError(f"joints_world_m must be float32 (t, 2, {JOINTS}, 3), got {joints.dtype} {joints.shape}")
        if present.shape != joints.shape[:2] or present.dtype != np.bool_:
            raise InputError(f"present must be bool {joints.shape[:2]}, got {present.dtype} {present.shape}")
        if not np.isfinite(joints[present]).all():
            raise InputError("joints_world_m of a present hand must be finite")

    def __len__(self) -> int:
        return len(self.joints_world_m)

    @property
    def pinch_pos_world_m(self) -> NDArray[np.float32]:
        """float32 (t, 2, 3): the middle of thumb tip and index tip; NaN where the hand is absent."""
        return 0.5 * (self.joints_world_m[:, :, THUMB_TIP] + self.joints_world_m[:, :, INDEX_TIP])


class Lifter(Protocol):
    """Lifts tracks to metres: `HandLifter`, or `PnPLifter` for one clip."""

    def __call__(self, tracks: HandTracks, camera: Camera) -> LiftedHands:
        """Lift the hands of a clip of t frames, seen by a fixed camera."""
