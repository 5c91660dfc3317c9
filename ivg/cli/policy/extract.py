"""``ivg-policy extract``: hand tracks of any video file; metres and a gripper path if the camera is known."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from ...types import HANDS, Camera
from ..shared.command import add_json_option, check_can_be_folder, check_positive, write_json

if TYPE_CHECKING:
    from ...hands.metric import MetricHands
    from ...io.video import VideoSample
    from ...policy.hands3d.lifting import LiftedHands, Lifter
    from ...policy.hands3d.tracking import CleanTracks

PNP = "pnp"
"""What `--lifter` calls lifting without a network."""

SMOOTHING = ("none", "one-euro", "savitzky-golay")


def add_extract(actions: Any) -> None:
    """Add the action to the parser of ``ivg-policy``."""
    help_text = "find and follow the hands of a video file; in metres, with a gripper path, if the camera is known"
    extract = actions.add_parser("extract", help=help_text, description=help_text)
    extract.add_argument("video", type=Path, metavar="FILE", help="any file that FFmpeg reads")
    extract.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="for NAME.npz and NAME.png")
    extract.add_argument("--frames", type=int, metavar="N", help="evenly spaced frames (default: all)")
    extract.add_argument("--start", type=float, default=0.0, metavar="S", help="seconds (default: 0)")
    extract.add_argument("--end", type=float, metavar="S", help="seconds (default: the end)")
    extract.add_argument(
        "--max-gap", type=int, default=3, metavar="N", help="gaps of up to N frames are filled (default: 3)"
    )
    smoothing_help = "how tracks are smoothed (default: none with --camera, else savitzky-golay)"
    extract.add_argument("--smoothing", choices=SMOOTHING, help=smoothing_help)
    camera_help = "JSON: K (3 x 3, px), T_world_camera (4 x 4, m), width, height"
    extract.add_argument("--camera", type=Path, metavar="JSON", help=camera_help)
    lifter_help = "name or folder, or pnp, which takes any camera (default: kitchen)"
    extract.add_argument("--lifter", default="kitchen", metavar="NAME", help=lifter_help)
    depth_help = "NPY for --lifter pnp: float (h, w), metres along the optical axis, of the scene without the hand"
    extract.add_argument("--depth", type=Path, metavar="FILE", help=depth_help)
    extract.add_argument("--hand", choices=HANDS, help="whose path the gripper takes (default: the one seen more)")
    add_json_option(extract)
    extract.set_defaults(action=run_extract)


def run_extract(options: argparse.Namespace) -> None:
    """Do what the command line asks for.

    Raises:
        IvgError: If the video, the camera or the lifter cannot be used.
    """
    from ...hands import MediaPipeHands
    from ...io.video import read_video
    from ...policy.hands3d.tracking import clean_tracks

    check_positive(frames=options.frames)
    check_can_be_folder("out", options.out)
    camera = read_camera(options.camera) if options.camera else None
    depth = _depth(options)
    video = read_video(options.video, frames=options.frames, start_s=options.start, end_s=options.end)
    with MediaPipeHands() as detector:
        metric = detector.metric(video.frames)
    found = metric.tracks
    smoothing = options.smoothing or ("none" if camera else "savitzky-golay")
    aspect = video.frames.shape[2] / video.frames.shape[1]
    tracks = clean_tracks(found, video.fps, aspect, max_gap=options.max_gap, smoothing=smoothing)
    arrays: dict[str, Any] = {}
    report: dict[str, Any] = {"frames": len(tracks), "fps": video.fps, "tracking": tracks.settings}
    for hand, side in enumerate(HANDS):
        report[side] = {"found": int(found.present[:, hand].sum()), "filled": int(tracks.filled[:, hand].sum())}
    if camera is not None:
        lifter = _lifter(options, metric, depth, video.fps)
        arrays, report["lifting"] = _lifted(options, lifter(tracks, camera))
    archive, picture = _write(options, video, tracks, arrays)
    counts = ", ".join(
        f"{side} hand found in {report[side]['found']}, put into {report[side]['filled']}" for side in HANDS
    )
    print(f"{options.video}: {len(tracks)} frames; {counts}\ntracks: {archive}\npicture: {picture}")
    write_json({**report, "archive": str(archive), "picture": str(picture)}, options.json)


def read_camera(path: Path) -> Camera:
    """Reads a camera from JSON.

    Raises:
        InputError: If the file cannot be read, or lacks something.
    """
    try:
        values = json.loads(path.read_text())
        K, T_world_camera = (np.array(values[name], np.float64) for name in ("K", "T_world_camera"))
        return Camera(K, T_world_camera, int(values["width"]), int(values["height"]))
    except OSError as error:
        raise InputError(f"cannot read camera '{path}': {error.strerror}") from error
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise InputError(f"camera '{path}' must hold K, T_world_camera, width and height: {error}") from error


def read_depth(path: Path) -> NDArray[np.floating]:
    """Reads a depth picture, float (h, w), from a NPY file.

    Raises:
        InputError: If the file cannot be read, or holds something else.
    """
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


def _depth(options: argparse.Namespace) -> NDArray[np.floating] | None:
    if options.depth is None:
        return None
    if options.lifter != PNP or options.camera is None:
        raise InputError(f"--depth is for --lifter {PNP} with --camera; other lifters take no depth")
    return read_depth(options.depth)


def _lifter(options: argparse.Namespace, metric: MetricHands, depth: NDArray[np.floating] | None, fps: float) -> Lifter:
    from ...policy.hands3d.lifting import HandLifter, PnPLifter

    if options.lifter == PNP:
        return PnPLifter(metric, depth, fps=fps)
    return HandLifter.from_pretrained(options.lifter)


def _lifted(options: argparse.Namespace, lifted: LiftedHands) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns arrays for the archive, and what to report."""
    from ...policy.retargeting import contact_frames, gripper_trajectory

    arrays: dict[str, Any] = {"joints_world_m": lifted.joints_world_m}
    report: dict[str, Any] = {"method": lifted.method, **lifted.provenance}
    if not lifted.present.any():
        return arrays, report
    hand = HANDS.index(options.hand) if options.hand else int(lifted.present.sum(0).argmax())
    if not lifted.present[:, hand].any():
        raise InputError(f"the {HANDS[hand]} hand is in no frame of '{options.video}'")
    path = gripper_trajectory(lifted.joints_world_m[:, hand])
    arrays |= {"gripper_trajectory": path.poses, "contact": contact_frames(path)}
    return arrays, {**report, "hand": HANDS[hand], "hand_scale": path.hand_scale}


def _write(
    options: argparse.Namespace, video: VideoSample, tracks: CleanTracks, arrays: dict[str, Any]
) -> tuple[Path, Path]:
    from ...io.staging import staged_output
    from ...viz.grids import video_grid
    from ...viz.image_grid import save_image

    archive, picture = (options.out / f"{options.video.stem}.{ending}" for ending in ("npz", "png"))
    with staged_output(archive, overwrite=True) as stage:
        np.savez_compressed(
            stage,
            keypoints=tracks.keypoints,
            present=tracks.present,
            score=tracks.score,
            filled=tracks.filled,
            times_s=video.times_s,
            fps=video.fps,
            **arrays,
        )
    save_image(video_grid(video.frames, tracks.keypoints, video.times_s, title=options.video.name), picture)
    return archive, picture
