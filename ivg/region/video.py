"""Annotating video that nobody rendered: hand tracks and region of motion of a file or of given frames."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..hands.detector import MediaPipeHands
from ..io.video import read_video
from ..types import CLIP_FRAMES, Clip, HandTracks, RegionOfMotion
from .masks import region_from_tracks

Detector = Callable[[NDArray[np.uint8]], HandTracks]


@dataclass(frozen=True, eq=False)
class AnnotatedVideo:
    """A clip with what the detector says of it."""

    clip: Clip  # The frames; `fps` is theirs, not the file's
    tracks: HandTracks  # Hand joints of every frame
    region: RegionOfMotion  # Region of motion of every frame, at the clip's size
    times_s: NDArray[np.float64]  # float64 (t,), when each frame plays in its source, in seconds


def annotate_clip(clip: Clip, detector: Detector | None = None) -> tuple[HandTracks, RegionOfMotion]:
    """Annotate a clip: keypoints by the detector (MediaPipe with its defaults if None), hull per frame."""
    with ExitStack() as stack:
        tracks = (detector or stack.enter_context(MediaPipeHands()))(clip.frames)
    return tracks, region_from_tracks(tracks, *clip.frames.shape[1:3])


def annotate_video(
    path: str | Path,
    *,
    frames: int = CLIP_FRAMES,
    start_s: float = 0.0,
    end_s: float | None = None,
    detector: Detector | None = None,
) -> AnnotatedVideo:
    """Annotate a video file that FFmpeg reads, or the part of it that shows an action.

    Frames are taken evenly from the first to the last (the paper: L + 1 = 16); an action without an end lasts to the
    end of the file. Hands are found by MediaPipe with its default settings if `detector` is None. An `InputError` if
    the file cannot be read, or has no frame between start and end.
    """
    sample = read_video(path, frames=frames, start_s=start_s, end_s=end_s)
    clip = Clip(sample.frames, sample.fps)
    tracks, region = annotate_clip(clip, detector)
    return AnnotatedVideo(clip, tracks, region, sample.times_s)
