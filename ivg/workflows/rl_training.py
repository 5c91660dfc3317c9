"""Training by reinforcement in one of the environments, and the evaluation of what came of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import WeightsError
from .rl_environment import EnvironmentSettings, ReinforcementRun

if TYPE_CHECKING:
    from ..policy.conditioning.sources import DemonstrationSource
    from ..policy.rl.evaluation import Episode, RowCallback
    from ..policy.rl.training import ReinforcementResult, SceneCallback

_RUN = "run.json"


def train_by_reinforcement(
    run: ReinforcementRun,
    source: DemonstrationSource | None,
    *,
    progress: RowCallback | None = None,
    scene_progress: SceneCallback | None = None,
) -> ReinforcementResult:
    """Train a policy in the environment that a run names, by `train_reinforcement`.

    The demonstrations are those of `run.source()`, or what stands for them.

    Raises:
        IvgError: If a setting is wrong, or what is to be resumed cannot be.
        EnvsError: If the environment is not installed.
    """
    from ..policy.rl import train_reinforcement

    callbacks = {"progress": progress, "scene_progress": scene_progress}
    options: dict[str, Any] = {"cache": run.cache, "resume": run.resume, **callbacks}
    result = train_reinforcement(run.make_env(), source, run.policy, run.output, **options)
    described: dict[str, Any] = {"environment": asdict(run.environment)}
    described |= {name: getattr(run, name) for name in ("task", "demonstrations", "weights")}
    described["cache"] = str(run.cache or run.output / "demonstrations")
    (run.output / _RUN).write_text(json.dumps(described, indent=2) + "\n")
    return result


@dataclass(frozen=True)
class ReinforcementEvaluation:
    """Episodes, one a scene that the policy was not trained in, and what `ivg.policy.rl.summarise` says of them."""

    task: str
    episodes: list[Episode]
    figures: dict[str, float]


def evaluate_reinforcement(
    folder: Path,
    *,
    episodes: int = 20,
    first_scene: int | None = None,
    progress: Callable[[Episode], None] | None = None,
) -> ReinforcementEvaluation:
    """Play a policy of `train_by_reinforcement` where it was trained, in other scenes.

    Args:
        folder: Output of the training; `WeightsError` if it holds no such policy.
        episodes: How many scenes.
        first_scene: Seed of the first; None takes the held-out ones.
        progress: Called after each episode.
    """
    from ..policy.rl import conditioned_environment, load_policy, play, summarise

    policy, settings = load_policy(folder / "policy")
    if not (folder / _RUN).is_file():
        raise WeightsError(f"'{folder}' does not say where its policy was trained: {_RUN} is missing")
    described: dict[str, Any] = json.loads((folder / _RUN).read_text())
    environment, cache = EnvironmentSettings(**described.pop("environment")), described.pop("cache")
    run = ReinforcementRun(policy=settings, environment=environment, output=folder, **described)
    first = settings.first_evaluation_scene if first_scene is None else first_scene
    with closing(conditioned_environment(run.make_env(), run.source(), cache, settings, following=True)) as env:
        played = play(policy, env, range(first, first + episodes), progress)
    return ReinforcementEvaluation(run.task, played, summarise(played))
