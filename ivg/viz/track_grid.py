"""Image grids of hand tracks over the frames of a video."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from .clip_grid import draw_joints
from .image_grid import GridRow, image_grid

if TYPE_CHECKING:
    from ..io.video import VideoSample
    from ..region import AnnotatedVideo

REGION_RGB = (255, 205, 60)
SHOWN_HEIGHT = 192
COLUMNS = 8


def annotation_grid(found: AnnotatedVideo, title: str) -> NDArray[np.uint8]:
    """Return an image: joints over frames (left blue, right red), their hulls, and the union."""
    shown = np.unique(np.linspace(0, len(found.clip) - 1, min(COLUMNS, len(found.clip))).round().astype(int))
    scale = SHOWN_HEIGHT / found.clip.frames.shape[1]
    cells = []
    for index in shown:
        frame = cv2.resize(found.clip.frames[index], None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        frame = outline(frame, found.region.union, REGION_RGB)
        frame = outline(frame, found.region.per_frame[index], (255, 255, 255))
        cells.append(draw_joints(frame, found.tracks.keypoints[index]))
    columns = [f"{found.times_s[index]:.1f} s" for index in shown]
    rows = [GridRow(np.stack(cells), "hands and region", "left blue, right red\nhull white, union yellow")]
    return image_grid(rows, title=title, columns=columns)


def tracks_grid(video: VideoSample, keypoints: NDArray[np.floating], title: str) -> NDArray[np.uint8]:
    """Return an image of up to 16 frames with the joints over them (left blue, right red), in rows of eight.

    Args:
        video: Frames and their times.
        keypoints: Float (t, 2, 21, 2), normalised.
        title: Of the image.
    """
    shown = np.linspace(0, len(keypoints) - 1, 16 if len(keypoints) > 8 else 8).round().astype(int)
    scale = SHOWN_HEIGHT / video.frames.shape[1]
    cells = [draw_joints(cv2.resize(video.frames[i], None, fx=scale, fy=scale), keypoints[i]) for i in shown]
    rows = [
        GridRow(
            np.stack(cells[first : first + COLUMNS]), f"{video.times_s[shown[first]]:.1f} s on", "left blue, right red"
        )
        for first in range(0, len(cells), COLUMNS)
    ]
    return image_grid(rows, title=title)


def outline(frame: NDArray[np.uint8], mask: NDArray[np.bool_], colour: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Return the frame with the mask's edge drawn over it; the mask may be of another size."""
    image = np.ascontiguousarray(frame).copy()
    sized = cv2.resize(mask.astype(np.uint8), image.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    contours, _ = cv2.findContours(sized, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(image, contours, -1, colour, 1)
    return image
