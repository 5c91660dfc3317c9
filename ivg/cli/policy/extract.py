"""``ivg-policy extract``: hand tracks of any video file; metres and a gripper trajectory if the camera is known."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ...types import HANDS
from ..shared.command import add_action, write_json
from ..shared.options import add_options


def add_extract(actions: Any) -> None:
    """Add the action to the parser of ``ivg-policy``."""
    help_text = "track the hands of a video file; in metres, with a gripper trajectory, if the camera is known"
    extract = add_action(actions, "extract", help_text, run_extract)
    extract.add_argument("video", type=Path, metavar="FILE", help="any file that FFmpeg reads")
    extract.add_argument("--frames", type=int, metavar="N", help="evenly spaced frames (default: all)")
    extract.add_argument("--start", type=float, default=0.0, metavar="S", help="seconds (default: 0)")
    extract.add_argument("--end", type=float, metavar="S", help="seconds (default: the end)")
    gap_help = "gaps of up to N frames are filled (default: 3)"
    extract.add_argument("--max-gap", type=int, default=3, metavar="N", help=gap_help)
    smoothing_help = "how tracks are smoothed (default: none with --camera, else savitzky-golay)"
    extract.add_argument("--smoothing", choices=("none", "one-euro", "savitzky-golay"), help=smoothing_help)
    camera_help = "JSON: K (3 x 3, px), T_world_camera (4 x 4, m), width, height"
    extract.add_argument("--camera", type=Path, metavar="JSON", help=camera_help)
    lifter_help = "name or folder, or pnp, which takes any camera (default: kitchen)"
    extract.add_argument("--lifter", default="kitchen", metavar="NAME", help=lifter_help)
    depth_help = "NPY for --lifter pnp: float (h, w), metres along the optical axis, of the scene without the hand"
    extract.add_argument("--depth", type=Path, metavar="FILE", help=depth_help)
    hand_help = "whose trajectory the gripper takes (default: the one seen more)"
    extract.add_argument("--hand", choices=HANDS, help=hand_help)
    add_options(extract, "json", out={"help": "for NAME.npz and NAME.png"})


def run_extract(options: argparse.Namespace) -> None:
    """Extract the tracks."""
    from ...workflows.policies.extract import extract_tracks, read_camera, read_depth

    names = ("frames", "max_gap", "smoothing", "lifter", "hand")
    result = extract_tracks(
        options.video,
        options.out,
        start_s=options.start,
        end_s=options.end,
        camera=read_camera(options.camera) if options.camera else None,
        depth=read_depth(options.depth) if options.depth else None,
        **{name: getattr(options, name) for name in names},
    )
    print(result.report)
    write_json(result.as_json, options.json)
