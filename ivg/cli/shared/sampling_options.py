"""How demonstrations are made: with the scene's depth or without, and best of how many."""

from __future__ import annotations

import argparse

from ...policy.sampling import SAMPLES


def add_sampling_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--samples`` and ``--no-depth``."""
    samples_help = (
        "generate up to so many demonstrations of a scene and follow the one with the best contact (default: "
        f"{SAMPLES}; 1 with --no-depth)"
    )
    parser.add_argument("--samples", type=int, metavar="N", help=samples_help)
    depth_help = "do without the depth image of the scene, by which the hand is moved onto what it touches"
    parser.add_argument("--no-depth", action="store_true", help=depth_help)
