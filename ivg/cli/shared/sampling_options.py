"""How demonstrations are watched: with the scene's depth or without, and how many of them are made."""

from __future__ import annotations

import argparse

from ...errors import InputError
from ...policy.sampling import SAMPLES
from .command import check_positive


def add_sampling_options(parser: argparse.ArgumentParser) -> None:
    """Add how a demonstration is watched."""
    samples_help = (
        "generate up to so many demonstrations of a scene and follow the one with the best contact (default: "
        f"{SAMPLES}; 1 with --no-depth)"
    )
    parser.add_argument("--samples", type=int, metavar="N", help=samples_help)
    depth_help = "do without the depth picture of the scene, by which the hand is moved onto what it touches"
    parser.add_argument("--no-depth", action="store_true", help=depth_help)


def samples_of(options: argparse.Namespace) -> int:
    """Return how many demonstrations of a scene are made at most.

    Raises:
        InputError: If the number cannot be used.
    """
    if options.samples is None:
        return 1 if options.no_depth else SAMPLES
    check_positive(samples=options.samples)
    if options.samples > 1 and options.no_depth:
        raise InputError(f"--samples {options.samples} cannot be compared with --no-depth; give --samples 1")
    return int(options.samples)
