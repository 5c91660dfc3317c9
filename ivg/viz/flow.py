"""Dense optical flow and its colours, as the paper shows them of its results (Sec. 4)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import InputError

FINE_SIDE = 256  # frames whose longer side is smaller are enlarged to it: the method works on patches of 8 pixels


def optical_flow(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Estimate dense optical flow (Kroeger et al., Fast Optical Flow using Dense Inverse Search, 2016).

    Both frames are uint8 (h, w, 3), RGB, of the same size, both sides at least 16 pixels. The flow is float32
    (h, w, 2): motion in pixels (x to the right, y down) of each pixel of `before`.

    Raises:
        InputError: If a frame has another dtype or shape.
    """
    for name, frame in (("before", before), ("after", after)):
        if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3 or min(frame.shape[:2]) < 16:
            raise InputError(f"{name} must be uint8 (h, w, 3), 16 px or more, got {frame.dtype} {frame.shape}")
    if before.shape != after.shape:
        raise InputError(f"after must have the size of before, {before.shape[:2]}, got {after.shape[:2]}")
    height, width = before.shape[:2]
    scale = max(1.0, FINE_SIDE / max(height, width))
    size = (round(width * scale), round(height * scale))
    grey = [cv2.cvtColor(cv2.resize(f, size, interpolation=cv2.INTER_CUBIC), cv2.COLOR_RGB2GRAY)
            for f in (before, after)]  # fmt: skip
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    fine = search.calc(grey[0], grey[1], np.zeros((size[1], size[0], 2), np.float32))
    flow = cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(flow / (size[0] / width, size[1] / height), np.float32)


@dataclass(frozen=True, eq=False)
class Flow:
    """Optical flow of a clip."""

    fields: NDArray[np.float32]  # (t - 1, h, w, 2), from each frame to the next, in pixels
    largest: float  # motion that gets full colour, in pixels a frame

    @classmethod
    def of(cls, clip: NDArray[np.uint8]) -> Flow:
        """Estimate it between all neighbouring frames."""
        fields = np.stack([optical_flow(a, b) for a, b in pairwise(clip)])
        length = np.linalg.norm(fields, axis=-1)
        moving = length[length > 0.5]
        return cls(fields, max(1.0, float(np.quantile(moving, 0.75))) if moving.size else 1.0)

    def rgb(self, step: int) -> NDArray[np.uint8]:
        """Return the colours of the motion from frame `step` to the next, uint8 (h, w, 3)."""
        return flow_to_rgb(self.fields[step], self.largest)


def flow_to_rgb(flow: NDArray[np.floating], largest: float | None = None) -> NDArray[np.uint8]:
    """Colour a flow field (..., 2), in pixels, as uint8 (..., 3), RGB.

    The hue says where to, the saturation how far, white is rest; `largest` is the motion in pixels that gets full
    colour, by default the field's own largest.
    """
    length = np.linalg.norm(flow, axis=-1)
    full = float(length.max()) if largest is None else largest
    amount = np.clip(length / max(full, 1e-6), 0, 1)[..., None]
    angle = np.arctan2(flow[..., 1], flow[..., 0])[..., None]
    # Three cosines a third of a circle apart run smoothly through the hues: red to the right, then clockwise.
    hue = 0.5 + 0.5 * np.cos(angle - np.array([0, 2, 4]) * np.pi / 3)
    return np.asarray(np.round(255 * (1 - amount * (1 - hue))), np.uint8)


def flow_wheel(size: int) -> NDArray[np.uint8]:
    """Return the legend of `flow_to_rgb`: uint8 (size, size, 3), a disc on white, full motion at its rim."""
    y, x = (np.mgrid[:size, :size] + 0.5) * 2 / size - 1
    field = np.stack([x, y], axis=-1)
    inside = np.linalg.norm(field, axis=-1, keepdims=True) <= 1
    return np.where(inside, flow_to_rgb(field, 1.0), 255).astype(np.uint8)
