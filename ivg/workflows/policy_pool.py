"""Many rollouts, in several processes, their outcomes kept as they come."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from .outcome_pool import try_all
from .policy_worker import NOTHING, EvaluateSettings, RolloutJob, roll_out, start

if TYPE_CHECKING:
    from ..policy.evaluation import Outcome

LONGER = 1.3
"""Time of a rollout, unless asked otherwise: so many times the longest episode trained on."""


def jobs_for(
    folder: Path, source: str, tasks: Sequence[str], episodes: int, first_seed: int, max_steps: int | None
) -> list[RolloutJob]:
    """Return the rollouts of a policy: `episodes` scenes of every task.

    Args:
        folder: Of the policy.
        source: Of its demonstrations.
        tasks: Their names.
        episodes: Of each task.
        first_seed: The scenes' seeds are those from here on, the same for every task.
        max_steps: Time; None takes `LONGER` times the longest episode that the policy was trained on.

    Raises:
        WeightsError: If the folder holds no policy.
        InputError: If the policy was trained on these seeds.
    """
    from ..policy.learning.folder import read_description

    _, _, notes = read_description(folder)
    trained = notes.get("data")
    if trained is None:
        raise InputError(f"{folder} does not say what it was trained on; ivg-policy train writes that into config.json")
    low, high = trained["seeds"]
    if first_seed <= high and low < first_seed + episodes:
        raise InputError(
            f"seeds {first_seed} to {first_seed + episodes - 1} are not held out: {folder} was trained on seeds "
            f"{low} to {high}"
        )
    steps = max_steps or round(LONGER * trained["longest"])
    name, size = policy_name(folder), trained["image"][0]
    places = [(task, first_seed + k) for k in range(episodes) for task in tasks]
    return [RolloutJob(folder, name, source, task, seed, size, steps) for task, seed in places]


def policy_name(folder: Path) -> str:
    """Return a policy's name for its outcomes: its folder's, and the beginning of its weights' SHA-256."""
    from ..policy.learning.policy import WEIGHTS_FILE

    digest = hashlib.sha256((folder / WEIGHTS_FILE).read_bytes()).hexdigest()[:12]
    shown = folder.parent.name if folder.name == "weights" else folder.name
    return f"{shown}@{digest}"


def roll_out_all(jobs: Sequence[RolloutJob], log: Path, settings: EvaluateSettings, workers: int) -> list[Outcome]:
    """Do what is not in the log yet; return the outcomes of all jobs, in their order.

    Raises:
        IvgError: If all that is tried crashes.
    """
    return try_all(roll_out, jobs, log, start=start, settings=settings, workers=workers, noun="rollout")


def check_source(source: str, conditioning: str) -> str:
    """Return where demonstrations come from for a policy; "" leaves the choice to what it was trained with.

    Raises:
        InputError: If the policy watches no demonstration and is to be shown one.
    """
    chosen = source or ("generated" if conditioning == "demo" else NOTHING)
    if chosen != NOTHING and conditioning != "demo":
        raise InputError(
            f"--demo {chosen}: this policy was trained with conditioning={conditioning}, it watches nothing"
        )
    return chosen


def report_of(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return shares by task and over all, as JSON can hold them."""
    from ..policy.evaluation import reasons, success_rate, success_rates_by

    return {
        "all": success_rate(outcomes).as_json,
        "tasks": {task: share.as_json for task, share in success_rates_by(outcomes, "task").items()},
        "failures": reasons(outcomes),
        "seconds_a_rollout": sum(outcome.seconds for outcome in outcomes) / len(outcomes),
    }
