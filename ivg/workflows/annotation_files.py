"""Writes what annotation finds in a video: arrays for programs, a picture for people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..io.staging import staged_output
from ..region import AnnotatedVideo, annotate_video
from ..viz.clip_grid import draw_joints
from ..viz.image_grid import GridRow, image_grid, save_image

REGION_RGB = (255, 205, 60)
SHOWN_HEIGHT = 192
COLUMNS = 8


def write_annotation(video: Path, folder: Path, *, frames: int, start_s: float, end_s: float | None) -> dict[str, Any]:
    """Annotates a video and writes ``NAME.npz`` and ``NAME.png`` into a folder.

    The archive holds `frames` uint8 (t, h, w, 3), `keypoints` float32 (t, 2, 21, 2) normalised and NaN where
    absent,
    `present` bool (t, 2), `score` float32 (t, 2), `region` bool (t, h, w), `times_s` float64 (t,), `fps`.

    Args:
        video: Any file that FFmpeg reads.
        folder: Made where it does not exist.
        frames: Evenly sampled frames.
        start_s: Start of the action in seconds.
        end_s: Its end; that of the file if None.

    Returns:
        Counts and the paths of both files.

    Raises:
        InputError: The video cannot be read, or has no frame in that time.
    """
    found = annotate_video(video, frames=frames, start_s=start_s, end_s=end_s)
    archive, picture = folder / f"{video.stem}.npz", folder / f"{video.stem}.png"
    tracks = found.tracks
    with staged_output(archive, overwrite=True) as stage:
        np.savez_compressed(
            stage,
            frames=found.clip.frames,
            keypoints=tracks.keypoints,
            present=tracks.present,
            score=tracks.score,
            region=found.region.per_frame,
            times_s=found.times_s,
            fps=found.clip.fps,
        )
    save_image(annotation_grid(found, video.name), picture)
    return {
        "frames": len(found.clip),
        "frames_with_hands": int(tracks.present.any(1).sum()),
        "hands": tracks.present.sum(0).tolist(),
        "region_area": float(found.region.union.mean()),
        "archive": str(archive),
        "picture": str(picture),
    }


def annotation_grid(found: AnnotatedVideo, title: str) -> NDArray[np.uint8]:
    """Returns a picture: joints over frames (left blue, right red), their hulls, and the union."""
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


def outline(frame: NDArray[np.uint8], mask: NDArray[np.bool_], colour: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Returns the frame with the mask's edge drawn over it; the mask may be of another size."""
    picture = np.ascontiguousarray(frame).copy()
    sized = cv2.resize(mask.astype(np.uint8), picture.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    contours, _ = cv2.findContours(sized, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(picture, contours, -1, colour, 1)
    return picture
