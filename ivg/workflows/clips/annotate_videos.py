"""Writes what annotation finds in video files: arrays for programs, an image grid to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError, IvgError
from ...io.checks import check_can_be_folder, check_positive
from ...io.staging import staged_output
from ...types import CLIP_FRAMES


@dataclass(frozen=True)
class VideosResult:
    """By video, in the given order: counts and the paths of both files, or "skipped" with the reason."""

    as_json: dict[str, dict[str, Any]]

    @property
    def skipped(self) -> list[str]:
        """Why videos were skipped."""
        return [figures["skipped"] for figures in self.as_json.values() if "skipped" in figures]

    @property
    def report(self) -> str:
        """What was found, in words."""
        return "\n".join(
            f"{video}: hands in {figures['frames_with_hands']} of {figures['frames']} frames, region of motion "
            f"{100 * figures['region_area']:.0f} % of the image -> {figures['picture']}"
            for video, figures in self.as_json.items()
            if "skipped" not in figures
        )

    @property
    def refusals(self) -> str:
        """Why videos were skipped, in words; "" if none was."""
        if len(self.as_json) == 1 or not self.skipped:
            return "".join(self.skipped)
        return "\n  ".join([f"{len(self.skipped)} of {len(self.as_json)} videos skipped", *self.skipped])


def annotate_videos(
    videos: Sequence[Path], out: Path, *, frames: int = CLIP_FRAMES, start_s: float = 0.0, end_s: float | None = None
) -> VideosResult:
    """Annotate files that FFmpeg reads; write ``NAME.npz`` and ``NAME.png`` of each into a folder.

    The archive holds `frames` uint8 (t, h, w, 3), `keypoints` float32 (t, 2, 21, 2) normalised and NaN where absent,
    `present` bool (t, 2), `score` float32 (t, 2), `region` bool (t, h, w), `times_s` float64 (t,), `fps`. The `frames`
    are evenly sampled from second `start_s` to `end_s`, the file's end if None. A video that cannot be read is skipped.

    Raises:
        InputError: A value is impossible, or two videos have the same name.
    """
    check_positive(frames=frames)
    check_can_be_folder(out)
    named: dict[str, Path] = {}
    for video in videos:
        other = named.setdefault(video.stem, video)
        if other is not video:
            raise InputError(
                f"'{other}' and '{video}' would both become {video.stem}.npz: give each a folder of its own"
            )
    figures: dict[str, dict[str, Any]] = {}
    for video in videos:
        try:
            figures[str(video)] = _annotate(video, out, frames, start_s, end_s)
        except IvgError as error:
            figures[str(video)] = {"skipped": str(error)}
    return VideosResult(figures)


def _annotate(video: Path, out: Path, frames: int, start_s: float, end_s: float | None) -> dict[str, Any]:
    from ...region import annotate_video

    found = annotate_video(video, frames=frames, start_s=start_s, end_s=end_s)
    tracks = found.tracks
    arrays = {
        "frames": found.clip.frames,
        "keypoints": tracks.keypoints,
        "present": tracks.present,
        "score": tracks.score,
        "region": found.region.per_frame,
        "times_s": found.times_s,
        "fps": found.clip.fps,
    }
    return {
        "frames": len(found.clip),
        "frames_with_hands": int(tracks.present.any(1).sum()),
        "hands": tracks.present.sum(0).tolist(),
        "region_area": float(found.region.union.mean()),
        **write_found(video, out, found.clip.frames, arrays),
    }


def write_found(video: Path, out: Path, frames: NDArray[np.uint8], arrays: dict[str, Any]) -> dict[str, str]:
    """Write arrays as ``NAME.npz`` and an image grid of what they hold as ``NAME.png``; return both paths."""
    from ...viz.grids import video_grid
    from ...viz.image_grid import save_image

    archive, image = out / f"{video.stem}.npz", out / f"{video.stem}.png"
    with staged_output(archive, overwrite=True) as stage:
        np.savez_compressed(stage, **arrays)
    regions = arrays.get("region")
    save_image(video_grid(frames, arrays["keypoints"], arrays["times_s"], title=video.name, regions=regions), image)
    return {"archive": str(archive), "picture": str(image)}
