"""``ivg-policy ablate-conditioning``: whether policies do better for a demonstration; one table, one plot."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..shared.command import add_action, show, values_of
from ..shared.options import add_options, add_table_option, add_values
from ..shared.progress import progress_bar
from .evaluate import add_rollout_options, rollout_arguments

_VALUES = {
    "policy": (str, "KIND", "or behaviour_cloning", "diffusion"),
    "seeds": (int, "N", "trainings of each (default: %(default)s)", 3),
    "steps": (int, "N", "of each training (default: %(default)s)", 6000),
}


def add_conditioning_ablation(actions: Any) -> None:
    """Add the action to the parser of ``ivg-policy``."""
    help_text = (
        "train policies given a demonstration, a text, or neither, with several seeds; roll them out in held-out "
        "scenes; write the table. Trainings and rollouts that are done are kept, what was stopped goes on."
    )
    ablate = add_action(actions, "ablate-conditioning", help_text, run_conditioning_ablation)
    data_help = "robot episodes to train on, as ivg-dataset generate writes them"
    ablate.add_argument("--data", type=Path, required=True, metavar="DATASET", help=data_help)
    add_values(ablate, _VALUES)
    set_help = "settings of the training, as ivg-policy train takes them"
    ablate.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", dest="train_settings", help=set_help)
    episodes_help = "held-out scenes of each task and training seed (default: %(default)s)"
    add_options(ablate, "json", out={"help": "trainings, outcomes, figures"})
    add_options(ablate, episodes={"default": 7, "help": episodes_help})
    add_rollout_options(ablate)
    add_table_option(ablate, "conditioning-ablation")
    ablate.add_argument("--plot", type=Path, metavar="FILE", help="write the plot")


def run_conditioning_ablation(options: argparse.Namespace) -> None:
    """Train, roll out, print and write."""
    from ...workflows.policies.conditioning_ablation import ablate_conditioning

    given = {**values_of(options, *_VALUES, "train_settings", "episodes"), **rollout_arguments(options)}
    with progress_bar("trainings", "training") as training, progress_bar("rollouts", "rollout") as rollout:
        ablation = ablate_conditioning(options.data, options.out, train_progress=training, progress=rollout, **given)
    options.json = options.json or options.out / "figures.json"
    show(ablation, options, "conditioning-ablation")
    if options.plot is not None:
        ablation.draw_plot(options.plot)
