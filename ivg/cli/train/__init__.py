"""``ivg-train``: trains the parts of the generator as hydra's configuration says; packs clips, exports weights."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from ..shared.command import run_command

HELP = """ivg-train: train the parts of the generator

Examples:
  ivg-train train=autoencoder data.path=clips output=runs/autoencoder train.minutes=25
  ivg-train train=region data.path=clips output=runs/region autoencoder=runs/autoencoder/weights
  ivg-train train=clip data.path=clips output=runs/clip autoencoder=runs/autoencoder/weights start=runs/region/weights
  ivg-train train=masks data.path=clips output=runs/masks autoencoder=runs/autoencoder/weights \\
      teacher=runs/region/weights                    a fast decoder of stage 1's masks
  ivg-train train=clip ... resume=true               go on after a stop
  ivg-train train=clip --cfg job                     show all settings, run nothing
  ivg-train train=clip model=base dry_run=true       parameters, FLOPs a step, memory; trains nothing
  accelerate launch --multi_gpu --num_processes 8 -m ivg.cli.train train=clip model=base data.path=clips output=out
  ivg-train export --autoencoder runs/autoencoder/weights --region runs/region/weights --clip runs/clip/weights \\
      --output my_weights                            put the three together: ivg-demo --weights my_weights
  ivg-train pack --data clips more_clips --autoencoder runs/autoencoder/weights --output clips.npz
                                                     encoded clips in one file: data.path=clips.npz trains elsewhere
  ivg-train interpolate --start runs/student/weights --end runs/region/weights --fraction 0.75 --output runs/between
                                                     weights between a run's and those it started from

Each writes log.jsonl, sheet_*.png, checkpoint/ and at the end weights/ into `output`. Settings are explained in
ivg/training/settings and configs/README.md. `train` is autoencoder, region, region_student, clip, refiner or masks.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code (2 after a message about a wrong request)."""
    from .run import run_training
    from .weights import COMMANDS

    arguments = list(sys.argv[1:] if arguments is None else arguments)
    name = arguments[0] if arguments else ""
    if name in COMMANDS:
        return run_command(f"ivg-train {name}", lambda: COMMANDS[name](arguments[1:]))
    if {"--help", "-h"} & set(arguments):
        print(HELP)
        return 0
    return run_command("ivg-train", lambda: run_training(arguments))
