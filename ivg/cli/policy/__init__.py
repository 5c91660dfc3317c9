"""``ivg-policy``: from clips to hand tracks, to metres and gripper trajectories."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from ..shared.command import new_parser, run_command
from .compare_rewards import add_compare_rewards
from .conditioning_ablation import add_conditioning_ablation
from .evaluate import add_evaluate
from .evaluate_lifter import add_evaluate_lifter
from .evaluate_rl import add_evaluate_rl
from .execute import add_execute
from .extract import add_extract
from .train import add_train
from .train_lifter import add_train_lifter
from .train_rl import add_train_rl

EXAMPLES = """\
  ivg-policy extract my_video.mp4 --out out/tracks
  ivg-policy extract clip.mp4 --camera camera.json --out out/tracks   # metres and a gripper trajectory, too
  ivg-policy train-lifter --store out/train --out out/lifter
  ivg-policy evaluate-lifter --store out/train --json out/lifter.json
  ivg-policy execute --out out/execution --episodes 20                # does the robot do what a demonstration shows?
  ivg-policy train policy=diffusion conditioning=demo data.path=out/kitchen.zarr output=out/policy
  ivg-policy evaluate --policy out/policy/weights --out out/evaluation --demo generated
  ivg-policy train-rl task='push the plate' output=out/rl             # stable-baselines3, tracking reward
  ivg-policy evaluate-rl --run out/rl
  ivg-policy compare-rewards --out out/rewards
  ivg-policy ablate-conditioning --data out/kitchen.zarr --out out/ablation
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code (2 after a message about a wrong request)."""
    options = new_policy_parser().parse_args(arguments)
    return run_command("ivg-policy", lambda: options.action(options))


def new_policy_parser() -> argparse.ArgumentParser:
    """Return the parser of the command."""
    parser = new_parser("ivg-policy", "Turn clips into what policies learn from.", EXAMPLES)
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    for add in (
        *(add_extract, add_train_lifter, add_evaluate_lifter, add_execute, add_train, add_evaluate),
        *(add_conditioning_ablation, add_train_rl, add_evaluate_rl, add_compare_rewards),
    ):
        add(actions)
    return parser
