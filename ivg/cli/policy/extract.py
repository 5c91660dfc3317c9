"""``ivg-policy extract``: hand tracks of any video file; metres and a gripper trajectory if the camera is known."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ...types import HANDS
from ..shared.command import add_action, show, values_of
from ..shared.options import add_options, add_values

_SMOOTHING = ("none", "one-euro", "savitzky-golay")
_DEPTH = "NPY for --lifter pnp: float (h, w), metres along the optical axis, of the scene without the hand"
_VALUES: dict[str, tuple[Any, ...]] = {
    "frames": (int, "N", "evenly spaced frames (default: all)"),
    "start": (float, "S", "seconds (default: 0)", 0.0),
    "end": (float, "S", "seconds (default: the end)"),
    "max-gap": (int, "N", "gaps of up to N frames are filled (default: 3)", 3),
    "smoothing": (_SMOOTHING, None, "how tracks are smoothed (default: none with --camera, else savitzky-golay)"),
    "camera": (Path, "JSON", "JSON: K (3 x 3, px), T_world_camera (4 x 4, m), width, height"),
    "lifter": (str, "NAME", "name or folder, or pnp, which takes any camera (default: kitchen)", "kitchen"),
    "depth": (Path, "FILE", _DEPTH),
    "hand": (HANDS, None, "whose trajectory the gripper takes (default: the one seen more)"),
}


def add_extract(actions: Any) -> None:
    """Add the action to the parser of ``ivg-policy``."""
    help_text = "track the hands of a video file; in metres, with a gripper trajectory, if the camera is known"
    extract = add_action(actions, "extract", help_text, run_extract)
    extract.add_argument("video", type=Path, metavar="FILE", help="any file that FFmpeg reads")
    add_values(extract, _VALUES)
    add_options(extract, "json", out={"help": "for NAME.npz and NAME.png"})


def run_extract(options: argparse.Namespace) -> None:
    """Extract the tracks."""
    from ...workflows.policies.extract import extract_tracks, read_camera, read_depth

    given = values_of(options, "frames", "max_gap", "smoothing", "lifter", "hand")
    given["camera"] = read_camera(options.camera) if options.camera else None
    given["depth"] = read_depth(options.depth) if options.depth else None
    result = extract_tracks(options.video, options.out, start_s=options.start, end_s=options.end, **given)
    show(result, options)
