"""Drawing hand skeletons and masks over images."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ..hands.skeleton import BONES

Image = NDArray[np.uint8]
Colour = tuple[int, int, int]

HAND_COLOURS = ((46, 134, 222), (238, 102, 34))  # left and right: blue and orange, distinct for colour-blind eyes too
OUTLINE: Colour = (20, 20, 24)
WHITE: Colour = (255, 255, 255)
REGION_COLOUR: Colour = (0, 190, 150)  # of the region of motion
SUBPIXEL_BITS = 4  # bits after the point in OpenCV's drawing coordinates


def draw_hands(image: Image, keypoints: NDArray[np.floating], present: NDArray[np.bool_] | None = None) -> Image:
    """Return a copy of an image (h, w, 3) with dark-edged bones in `HAND_COLOURS` and white joints.

    Enlarge the image first for fine lines. Keypoints are (2, 21, 2), normalised; `present` (2,) is by default the hands
    whose keypoints are all finite.
    """
    present = np.isfinite(keypoints).all((-1, -2)) if present is None else present
    drawn = np.ascontiguousarray(image).copy()
    height, width = drawn.shape[:2]
    for joints, colour in ((keypoints[h], HAND_COLOURS[h]) for h in (0, 1) if present[h]):
        length = float(np.linalg.norm(np.ptp(joints * (width, height), axis=0)))
        unit = min(max(height, width) / 256, length / 64)
        points = [subpixels(joint * (width, height) - 0.5) for joint in np.clip(joints, -4, 5)]
        for paint, thickness in ((OUTLINE, 3.2 * unit), (colour, 2.0 * unit)):
            for a, b in BONES:
                cv2.line(drawn, points[a], points[b], paint, max(1, round(thickness)), cv2.LINE_AA, SUBPIXEL_BITS)
        for point in points:
            dot(drawn, point, 1.9 * unit, OUTLINE)
            dot(drawn, point, 1.15 * unit, WHITE)
    return drawn


def tint_region(image: Image, mask: NDArray[np.bool_], *, strength: float = 0.45) -> Image:
    """Return a copy of an image (h, w, 3): the mask's inside tinted, its outside dimmed a little, its edge traced.

    The `strength` is the fraction of the colour inside, in [0, 1].
    """
    inside = image * (1 - strength) + np.array(REGION_COLOUR) * strength
    tinted = np.where(mask[..., None], inside, image * 0.72).astype(np.uint8)
    _trace(tinted, mask, WHITE, max(1, round(max(mask.shape) / 200)), cv2.LINE_AA)
    return tinted


def outline(image: Image, mask: NDArray[np.bool_], colour: Colour) -> Image:
    """Return a copy of an image (h, w, 3) with the mask's edge drawn over it; the mask may be of another size."""
    drawn = np.ascontiguousarray(image).copy()
    sized = cv2.resize(mask.astype(np.uint8), drawn.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    _trace(drawn, sized, colour, 1, cv2.LINE_8)
    return drawn


def _trace(image: Image, mask: NDArray[np.generic], colour: Colour, thickness: int, kind: int) -> None:
    edges, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(image, edges, -1, colour, thickness, kind)


def subpixels(point: NDArray[np.floating]) -> tuple[int, int]:
    """Return OpenCV's fixed-point coordinates of a point (x, y) in pixels."""
    x, y = np.round(point * 2**SUBPIXEL_BITS)
    return int(x), int(y)


def dot(image: Image, centre: tuple[int, int], radius: float, colour: Colour) -> None:
    """Draw a dot at fixed-point coordinates, its radius in pixels."""
    fixed = round(radius * 2**SUBPIXEL_BITS)
    cv2.circle(image, centre, fixed, colour, cv2.FILLED, cv2.LINE_AA, SUBPIXEL_BITS)
