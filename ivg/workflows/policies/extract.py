"""Hand tracks of a video file; metres and a gripper trajectory if the camera is known."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from ...io.checks import check_can_be_folder, check_positive
from ...policy.hands3d.tracking import clean_tracks
from ...types import HANDS, Camera
from ..clips.annotate_videos import write_found

if TYPE_CHECKING:
    from ...policy.hands3d.lifting import LiftedHands

PNP = "pnp"  # the lifter that is no network and takes any camera
SMOOTHING = ("none", "one-euro", "savitzky-golay")


@dataclass(frozen=True)
class ExtractionResult:
    """What was found in a video file: counts by hand, settings, and the paths of both files written."""

    video: Path
    as_json: dict[str, Any]

    @property
    def report(self) -> str:
        """The counts in words."""
        figures = self.as_json
        counts = ", ".join(f"{s} hand found in {figures[s]['found']}, filled in {figures[s]['filled']}" for s in HANDS)
        paths = f"tracks: {figures['archive']}\nimage: {figures['picture']}"
        return f"{self.video}: {figures['frames']} frames; {counts}\n{paths}"


def extract_tracks(
    video: Path,
    out: Path,
    *,
    frames: int | None = None,
    start_s: float = 0.0,
    end_s: float | None = None,
    max_gap: int = 3,
    smoothing: str | None = None,
    camera: Camera | None = None,
    lifter: str = "kitchen",
    depth: NDArray[np.floating] | None = None,
    hand: str | None = None,
) -> ExtractionResult:
    """Find and follow the hands of a video that FFmpeg reads; write ``NAME.npz`` and ``NAME.png`` into a folder.

    Args:
        video: Any file that FFmpeg reads.
        out: Folder for both files.
        frames: Evenly spaced frames from second `start_s` to `end_s` (the file's end if None); all if None.
        start_s: First second.
        end_s: Last second.
        max_gap: Gaps of up to so many frames are filled.
        smoothing: One of `SMOOTHING`; "none" with a camera, else "savitzky-golay", if None.
        camera: Of the video; without it there are tracks in the image only.
        lifter: Name or folder of a lifter, or `PNP`.
        depth: Float (h, w), metres along the optical axis, of the scene without the hand; for `PNP` only.
        hand: Whose trajectory the gripper takes, of `HANDS`; the one seen more if None.

    Raises:
        IvgError: The video, the camera or the lifter cannot be used.
    """
    from ...hands import MediaPipeHands
    from ...io.video import read_video
    from ...policy.hands3d.lifting import HandLifter, PnPLifter

    check_positive(frames=frames)
    check_can_be_folder(out)
    if depth is not None and (lifter != PNP or camera is None):
        raise InputError(f"depth is for the lifter {PNP} with a camera; other lifters take no depth")
    sample = read_video(video, frames=frames, start_s=start_s, end_s=end_s)
    with MediaPipeHands() as detector:
        metric = detector.metric(sample.frames)
    found, aspect = metric.tracks, sample.frames.shape[2] / sample.frames.shape[1]
    smoothing = smoothing or ("none" if camera else "savitzky-golay")
    tracks = clean_tracks(found, sample.fps, aspect, max_gap=max_gap, smoothing=smoothing)
    report: dict[str, Any] = {"frames": len(tracks), "fps": sample.fps, "tracking": tracks.settings}
    for index, side in enumerate(HANDS):
        report[side] = {"found": int(found.present[:, index].sum()), "filled": int(tracks.filled[:, index].sum())}
    arrays: dict[str, Any] = {
        "keypoints": tracks.keypoints,
        "present": tracks.present,
        "score": tracks.score,
        "filled": tracks.filled,
        "times_s": sample.times_s,
        "fps": sample.fps,
    }
    if camera is not None:
        lift = PnPLifter(metric, depth, fps=sample.fps) if lifter == PNP else HandLifter.from_pretrained(lifter)
        found_metres, report["lifting"] = _trajectory(lift(tracks, camera), hand, video)
        arrays |= found_metres
    return ExtractionResult(video, {**report, **write_found(video, out, sample.frames, arrays)})


def _trajectory(lifted: LiftedHands, hand: str | None, video: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return arrays for the archive, and what to report."""
    from ...policy.retargeting import contact_frames, gripper_trajectory

    arrays: dict[str, Any] = {"joints_world_m": lifted.joints_world_m}
    report: dict[str, Any] = {"method": lifted.method, **lifted.provenance}
    if not lifted.present.any():
        return arrays, report
    index = HANDS.index(hand) if hand else int(lifted.present.sum(0).argmax())
    if not lifted.present[:, index].any():
        raise InputError(f"the {HANDS[index]} hand is in no frame of '{video}'")
    trajectory = gripper_trajectory(lifted.joints_world_m[:, index])
    arrays |= {"gripper_path": trajectory.poses, "contact": contact_frames(trajectory)}
    return arrays, {**report, "hand": HANDS[index], "hand_scale": trajectory.hand_scale}


def read_camera(path: Path) -> Camera:
    """Read a camera from JSON; an `InputError` if the file cannot be read, or lacks something."""
    try:
        values = json.loads(path.read_text())
        K, T_world_camera = (np.array(values[name], np.float64) for name in ("K", "T_world_camera"))
        return Camera(K, T_world_camera, int(values["width"]), int(values["height"]))
    except OSError as error:
        raise InputError(f"cannot read camera '{path}': {error.strerror}") from error
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise InputError(f"camera '{path}' must hold K, T_world_camera, width and height: {error}") from error


def read_depth(path: Path) -> NDArray[np.floating]:
    """Read a depth image, float (h, w), from a NPY file; an `InputError` if that cannot be, or holds something else."""
    try:
        with path.open("rb") as file:
            depth = np.load(file, allow_pickle=False)
    except OSError as error:
        raise InputError(f"cannot read depth '{path}': {error.strerror or error}") from error
    except Exception as error:  # what numpy's reader raises for other files has no base in common
        raise InputError(f"cannot read depth '{path}': it is no NPY file of numbers") from error
    if not isinstance(depth, np.ndarray) or depth.ndim != 2 or depth.dtype.kind != "f":
        found = f"{depth.dtype} {depth.shape}" if isinstance(depth, np.ndarray) else "several arrays"
        raise InputError(f"depth '{path}' must hold a float array (h, w), metres, got {found}")
    return depth
