"""``ivg-train export``, ``pack`` and ``interpolate``: what is done with weights and clips before and after training."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path


def export(arguments: Sequence[str]) -> None:
    """Run ``ivg-train export``."""
    parser = argparse.ArgumentParser(prog="ivg-train export", description="Put trained weights together.")
    parser.add_argument("--autoencoder", required=True, metavar="FOLDER", help="base: hub name or folder")
    for name in ("region", "clip", "output"):
        parser.add_argument(f"--{name}", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--masks", type=Path, metavar="FOLDER", help="of train=masks: decodes stage 1's masks")
    parser.add_argument("--refiner", type=Path, metavar="FOLDER", help="of train=refiner: stage 2's last step")
    parser.add_argument("--extrapolation", type=float, metavar="X", help="how far stage 2's last step goes on, 0 to 1")
    parser.add_argument("--text-encoder", metavar="NAME_OR_FOLDER", help="base only: hub name or folder")
    options = parser.parse_args(arguments)
    from ...training import export_pipeline

    export_pipeline(**vars(options))
    print(f"wrote {options.output}")


def pack(arguments: Sequence[str]) -> None:
    """Run ``ivg-train pack``."""
    description = "Encode clips into one small file, to train on another machine."
    parser = argparse.ArgumentParser(prog="ivg-train pack", description=description)
    parser.add_argument("--data", type=Path, nargs="+", required=True, metavar="STORE", help="stores of clips")
    parser.add_argument("--autoencoder", type=Path, required=True, metavar="FOLDER", help="weights to encode with")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE.npz")
    options = parser.parse_args(arguments)
    from ...training import pack_clips

    written = pack_clips(options.data, options.autoencoder, options.output)
    print(f"wrote {written}, {written.stat().st_size / 1e6:.1f} MB")


def interpolate(arguments: Sequence[str]) -> None:
    """Run ``ivg-train interpolate``."""
    description = "Write weights between a run's and those it started from."
    parser = argparse.ArgumentParser(prog="ivg-train interpolate", description=description)
    parser.add_argument("--start", type=Path, required=True, metavar="FOLDER", help="weights that a run started from")
    parser.add_argument("--end", type=Path, required=True, metavar="FOLDER", help="weights of that run")
    parser.add_argument("--fraction", type=float, required=True, metavar="X", help="weight of the run's, 0 to 1")
    parser.add_argument("--output", type=Path, required=True, metavar="FOLDER")
    options = parser.parse_args(arguments)
    from ...training import interpolate_weights

    names = interpolate_weights(**vars(options))
    print(f"wrote {', '.join(names)} to {options.output}")


COMMANDS: dict[str, Callable[[Sequence[str]], None]] = {"export": export, "pack": pack, "interpolate": interpolate}
