"""The 21-joint hand in MediaPipe's order: names, bones, fingertips."""

from __future__ import annotations

FINGERS = ("thumb", "index", "middle", "ring", "little")
"""The fingers in the order of their joints."""

JOINT_NAMES = (
    "wrist",
    *(f"thumb_{part}" for part in ("cmc", "mcp", "ip", "tip")),
    *(f"{finger}_{part}" for finger in FINGERS[1:] for part in ("mcp", "pip", "dip", "tip")),
)
"""Name of every joint, by index."""

BONES = (
    *((0, 1), (1, 2), (2, 3), (3, 4)),  # thumb
    *((0, 5), (5, 6), (6, 7), (7, 8)),  # index
    *((5, 9), (9, 10), (10, 11), (11, 12)),  # middle
    *((9, 13), (13, 14), (14, 15), (15, 16)),  # ring
    *((13, 17), (0, 17), (17, 18), (18, 19), (19, 20)),  # little, and the palm's edge
)
"""Pairs of joints that a bone (or the palm's outline) connects."""

FINGERTIPS = (4, 8, 12, 16, 20)
"""Joint indices of the fingertips, thumb first."""
