"""``ivg-policy train-rl`` and ``evaluate-rl``: a policy that watches demonstrations learns by reinforcement."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import WeightsError
from ...io.checks import check_positive
from ..shared.command import add_json_option, write_json
from ..shared.multirun import add_multirun_option, run_multirun

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from ...policy.conditioning.sources import DemonstrationSource
    from ...workflows.rl_settings import ReinforcementRun

_RUN = "run.json"


def add_train_rl(actions: Any) -> None:
    """Add the action to the parser of ``ivg-policy``."""
    help_text = "train a policy by reinforcement (stable-baselines3); it watches a demonstration of its scene"
    train = actions.add_parser("train-rl", help=help_text, description=help_text)
    settings_help = (
        "hydra's: output=FOLDER, policy=sb3_sac, sb3_her or sb3_ppo, task='push the plate', demonstrations=generated, "
        "truth or none, policy.reward=tracking or sparse, policy.steps=40000, resume=true, ..."
    )
    train.add_argument("settings", nargs="*", metavar="NAME=VALUE", help=settings_help)
    train.add_argument("--show", action="store_true", help="print all settings and train nothing")
    add_multirun_option(train)
    train.set_defaults(action=run_train_rl)


def add_evaluate_rl(actions: Any) -> None:
    """Add the action to the parser of ``ivg-policy``."""
    help_text = "play a policy that train-rl made in scenes that it was not trained in"
    evaluate = actions.add_parser("evaluate-rl", help=help_text, description=help_text)
    evaluate.add_argument("--run", type=Path, required=True, metavar="FOLDER", help="output of train-rl")
    evaluate.add_argument("--episodes", type=int, default=20, metavar="N", help="scenes (default: %(default)s)")
    evaluate.add_argument("--first-scene", type=int, metavar="SEED", help="first scene (default: the held-out ones)")
    add_json_option(evaluate)
    evaluate.set_defaults(action=run_evaluate_rl)


def run_train_rl(options: argparse.Namespace) -> None:
    """Do what the command line asks for.

    Raises:
        IvgError: If a setting is wrong.
    """
    from ...workflows.rl_settings import CONFIG, compose_reinforcement
    from .train import register_schemas

    if options.show:
        from omegaconf import OmegaConf

        print(OmegaConf.to_yaml(compose_reinforcement(options.settings)), end="")
        return
    if options.multirun:
        register_schemas()
        run_multirun(train_one, options.settings, CONFIG, "ivg-policy train-rl")
        return
    train_one(compose_reinforcement(options.settings))


def train_one(config: DictConfig) -> None:
    """Train what a configuration says."""
    from ...workflows.rl_environment import demonstration_source
    from ...workflows.rl_settings import reinforcement_of

    run = reinforcement_of(config)
    settings = run.environment
    source = demonstration_source(
        run.demonstrations, settings.name, run.task, size=settings.camera_size, weights=run.weights
    )
    summary = train_run(run, source)
    print(f"success on held-out scenes: {summary['success']:.0%} after {summary['step']:.0f} steps")
    print(f"policy: {run.output / 'policy'}   curve: {run.output / 'curve.png'}")


def train_run(run: ReinforcementRun, source: DemonstrationSource | None, *, label: str = "") -> dict[str, Any]:
    """Train, telling on stdout how it goes.

    Args:
        run: What to train.
        source: Its demonstrations.
        label: Put before every line.

    Returns:
        What `train_reinforcement` does.
    """
    from ...policy.rl.training import train_reinforcement
    from ...workflows.rl_environment import environment_factory

    def scene(seed: int, found: bool) -> None:
        if not found:
            print(f"{label}scene {seed}: no hand in the demonstration", flush=True)

    def row(values: dict[str, float]) -> None:
        shown = f"step {values['step']:>7.0f}/{run.policy.steps}  {values['minutes']:6.1f} min"
        shown += f"  held out: success {values['success']:4.0%}, return {values['return']:7.3f}"
        print(f"{label}{shown}  training: success {values['training_success']:4.0%}", flush=True)

    make_env = environment_factory(run.environment, run.task)
    summary = train_reinforcement(
        make_env,
        source,
        run.policy,
        run.output,
        cache=run.cache,
        resume=run.resume,
        progress=row,
        scene_progress=scene,
    )
    described = {
        "environment": asdict(run.environment),
        "task": run.task,
        "demonstrations": run.demonstrations,
        "weights": run.weights,
        "cache": str(run.cache or run.output / "demonstrations"),
    }
    (run.output / _RUN).write_text(json.dumps(described, indent=2) + "\n")
    return summary


def run_evaluate_rl(options: argparse.Namespace) -> None:
    """Do what the command line asks for.

    Raises:
        IvgError: If there is no such policy.
    """
    from ...policy.rl.environment import conditioned_environment
    from ...policy.rl.evaluation import Episode, play, summarise
    from ...policy.rl.saving import load_policy
    from ...workflows.rl_environment import EnvironmentSettings, demonstration_source, environment_factory

    check_positive(episodes=options.episodes)
    policy, settings = load_policy(options.run / "policy")
    if not (options.run / _RUN).is_file():
        raise WeightsError(f"'{options.run}' does not say where its policy was trained: {_RUN} is missing")
    described = json.loads((options.run / _RUN).read_text())
    environment, task = EnvironmentSettings(**described["environment"]), described["task"]
    source = demonstration_source(
        described["demonstrations"],
        environment.name,
        task,
        size=environment.camera_size,
        weights=described["weights"],
    )
    first = settings.first_evaluation_scene if options.first_scene is None else options.first_scene

    def report(episode: Episode) -> None:
        notes = "" if episode.demo_found or source is None else "  no demonstration"
        print(f"scene {episode.seed}: {'done' if episode.success else 'not done'}, {episode.steps} steps{notes}")

    env = conditioned_environment(
        environment_factory(environment, task), source, described["cache"], settings, following=True
    )
    try:
        episodes = play(policy, env, range(first, first + options.episodes), report)
    finally:
        env.close()
    figures = summarise(episodes)
    interval = f"{figures['success_low']:.0%} to {figures['success_high']:.0%}"
    print(f"{task}: success {figures['success']:.0%} ({interval}) in {len(episodes)} scenes")
    write_json({"run": str(options.run), **figures, "episodes": [asdict(e) for e in episodes]}, options.json)
