"""Time profiles of reaching movements."""

from __future__ import annotations

import numpy as np

NUM_FRAMES = 16
FPS = 8


def minimum_jerk(fraction: float) -> float:
    """Progress in [0, 1] of a reach at `fraction` of its time (Flash and Hogan 1985); clipped outside of [0, 1]."""
    f = float(np.clip(fraction, 0.0, 1.0))
    return f**3 * (10 - 15 * f + 6 * f * f)


def progress(time: float, start: float, end: float) -> float:
    """Minimum-jerk progress of a movement from `start` to `end` (frames) at `time`."""
    return minimum_jerk((time - start) / max(end - start, 1e-6))
