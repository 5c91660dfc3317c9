"""``ivg-demo``: one camera frame and a sentence to a clip, an overview, a dataset and a report."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from .shared.command import add_json_option, new_parser, run_command, write_json
from .shared.progress import StageBars

EXAMPLES = """\
  ivg-demo --env kitchen --task "cut carrot"
  ivg-demo --env kitchen --task "open the drawer" --seed 2 --execute
  ivg-demo --env kitchen --task "put the mug on the plate" --seed 7 --skin dark --side left --out out/mug
  ivg-demo --env robosuite/Lift --task "lift the cube"
  ivg-demo --image kitchen.jpg --task "stir the pot" --steps 20 --json -
"""


def new_demo_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = new_parser("ivg-demo", "Generate a clip of a hand doing a task in the scene of a camera frame.", EXAMPLES)
    add, source = parser.add_argument, parser.add_mutually_exclusive_group().add_argument
    source("--env", default="kitchen", metavar="NAME", help="kitchen (default), robosuite/Lift, metaworld/<task>, ...")
    source("--image", type=Path, metavar="FILE", help="any image file, instead of an environment")
    add("--task", required=True, metavar="TEXT", help='what to do, such as "cut carrot"')
    add("--seed", type=int, default=0, metavar="N", help="of scene, hand and noise (default: 0)")
    add("--steps", type=int, metavar="N", help="denoising steps (default: the pipeline's)")
    add("--camera-size", type=int, metavar="PX", help="side of the camera's frame (256), or of a larger image (512)")
    add("--execute", action="store_true", help="let the environment's robot follow the hand; adds execution.mp4")
    add("--weights", default="nano", metavar="NAME", help="nano, or a folder (default: nano)")
    add("--device", default="cpu", metavar="NAME", help="torch device (default: cpu)")
    add("--rewriter", default="none", metavar="NAME", help="none (default), vocabulary, or a hub name or folder")
    add("--out", type=Path, metavar="FOLDER", help="default: out/<task>-<seed>")
    add("--overwrite", action="store_true", help="replace an earlier result in the folder")
    add_json_option(parser)
    hand = parser.add_argument_group("the hand", "what is left out is drawn from the seed").add_argument
    hand("--skin", metavar="TONE", help="light, medium, dark, or a colour such as #c68863")
    hand("--hand-size", type=float, metavar="X", help="0.8 to 1.2, 1 being 18.5 cm long")
    hand("--side", metavar="SIDE", help="the acting hand: left or right")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: 0, or 2 when what was asked for cannot be done."""
    options = vars(new_demo_parser().parse_args(arguments))
    return run_command("ivg-demo", lambda: _run(options.pop("json"), **options))


def _run(json: Path | None, task: str, seed: int, out: Path | None, **options: object) -> None:
    from ..workflows.demo import STAGES, default_folder, make_demonstration

    out = out or default_folder(task, seed)
    with StageBars(STAGES, terminal_only=True) as bars:
        result = make_demonstration(task, seed=seed, out=out, on_progress=bars, **options)  # type: ignore[arg-type]
    write_json(result.report, json)
    print(result.summary(), file=sys.stderr if str(json) == "-" else sys.stdout)
