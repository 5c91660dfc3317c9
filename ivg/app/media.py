"""Pictures and films as text that stands in ``ivg-app``'s page itself, so that no file is left anywhere."""

from __future__ import annotations

import base64
import tempfile
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..io.video import write_video
from ..viz.canvas import enlarged, enlarged_mask
from ..viz.hands import draw_hands, tint_region

if TYPE_CHECKING:
    from ..policy import Demonstration

FINE = 640
"""Longer side of pictures that something is drawn on, px."""


def image_uri(pixels: NDArray[np.uint8]) -> str:
    """Return a picture (h, w, 3 or 4) as a data URI."""
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def film_uri(frames: NDArray[np.uint8], fps: float) -> str:
    """Return frames (t, h, w, 3) as a data URI of an MP4."""
    with tempfile.TemporaryDirectory(prefix="ivg-app-") as folder:
        path = Path(folder) / "film.mp4"
        write_video(path, frames, fps)
        return f"data:video/mp4;base64,{base64.b64encode(path.read_bytes()).decode()}"


def fine(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a picture (h, w, 3) with a longer side of `FINE` pixels."""
    return enlarged(picture, *_fine_size(picture))


def region_image(frame: NDArray[np.uint8], region: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return the frame with the region of motion (h, w) tinted."""
    return tint_region(fine(frame), enlarged_mask(region, *_fine_size(frame)))


def track_film(demonstration: Demonstration) -> NDArray[np.uint8]:
    """Return the clip with region and hand skeletons drawn over it, uint8 (t, h, w, 3)."""
    size = _fine_size(demonstration.clip[0])
    frames = []
    for t, frame in enumerate(demonstration.clip):
        tinted = tint_region(
            enlarged(frame, *size), enlarged_mask(demonstration.region_per_frame[t], *size), strength=0.25
        )
        frames.append(draw_hands(tinted, demonstration.keypoints[t], demonstration.present[t]))
    return np.stack(frames)


def _fine_size(picture: NDArray[np.uint8]) -> tuple[int, int]:
    """Return width and height, both even."""
    height, width = picture.shape[:2]
    scale = FINE / max(height, width)
    return 2 * round(width * scale / 2), 2 * round(height * scale / 2)
