"""A hand that goes round on the spot with what it holds: its way as a circle."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .interaction import Interaction

STIR_RADIUS_M, LEAST_TURNS = 0.036, 1.15
"""A hand that goes round with what it holds is taken to go round at least so wide and so often."""

_SPREAD_M, _FRAMES, _ROUND = (0.006, 0.045), 5, 0.35
"""How far from their middle points may be to count as on the spot, how many they are, and how round their cloud is."""


def rounded(touch: Interaction) -> NDArray[np.float64]:
    """Return the way (t, 3) of a hand that goes round on the spot with what it holds as a circle, else as it is.

    A clip has few frames a turn: what is seen of a small circle is narrow and cornered, the more so after smoothing.
    """
    way = touch.tool_world_m
    held = way[touch.first : touch.last + 1]
    away = held[:, :2] - held[:, :2].mean(0)
    wide, high = float(np.linalg.norm(away, axis=1).max()), float(np.ptp(held[:, 2]))
    if len(held) < _FRAMES or not _SPREAD_M[0] < wide < _SPREAD_M[1] or high > _SPREAD_M[1]:
        return way
    narrow, broad = np.sqrt(np.maximum(np.linalg.eigvalsh(np.cov(away.T)), 0.0))
    if narrow < _ROUND * broad:
        return way
    radius = max(float(np.hypot(narrow, broad)), STIR_RADIUS_M)
    angles = np.unwrap(np.arctan2(away[:, 1], away[:, 0]))
    turned = float(angles[-1] - angles[0])
    start = np.arctan2(away[0, 1], away[0, 0])
    angle = start + np.copysign(max(abs(turned), 2 * np.pi * LEAST_TURNS), turned) * np.linspace(0.0, 1.0, len(held))
    circle = np.stack([np.cos(angle), np.sin(angle)], 1) - [np.cos(start), np.sin(start)]
    way = way.copy()
    way[touch.first : touch.last + 1, :2] = held[0, :2] + radius * circle
    return way
