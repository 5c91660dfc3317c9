"""Writes what annotation finds in a video: an archive of arrays, and an image grid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..io.staging import staged_output
from ..region import annotate_video
from ..viz.grids import video_grid
from ..viz.image_grid import save_image


def write_annotation(video: Path, folder: Path, *, frames: int, start_s: float, end_s: float | None) -> dict[str, Any]:
    """Annotates a video and writes ``NAME.npz`` and ``NAME.png`` into a folder.

    The archive holds `frames` uint8 (t, h, w, 3), `keypoints` float32 (t, 2, 21, 2) normalised and NaN where absent,
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
    save_image(
        video_grid(
            found.clip.frames, tracks.keypoints, found.times_s, title=video.name, regions=found.region.per_frame
        ),
        picture,
    )
    return {
        "frames": len(found.clip),
        "frames_with_hands": int(tracks.present.any(1).sum()),
        "hands": tracks.present.sum(0).tolist(),
        "region_area": float(found.region.union.mean()),
        "archive": str(archive),
        "picture": str(picture),
    }
