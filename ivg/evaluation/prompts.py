"""Whether the text decides: other tasks in one scene, other words for one task.

A generated clip is taken to show the task whose true performance in the very same scene is nearest to it: for every
task that the scene allows, a person (rendered, several styles) does it there, and the hand's motions are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.clip_store import ClipStore
from ..envs.kitchen.scene.feasibility import feasible_tasks
from ..envs.kitchen.scene.scene import sample_scene
from ..envs.kitchen.tasks import TASKS
from ..jobs import Processes
from ..metrics.detection import ratio
from ..metrics.nearest_reference import acting_track, nearest_task
from ..types import HandTracks
from ..workflows.clips.render import RenderJob, render_jobs
from .worker import Prompt

STYLES = 3
"""True performances of each task in each scene. How well they tell each other's tasks is the test's ceiling."""

REFERENCE_SEEDS = 2_000_000
"""Styles of the references are drawn from here on; their scenes are those of the held-out clips."""

ARRIVAL = 5
"""Frame at which hands have come to what they act on; the way there says little, and differs from person to person."""

Runner = Callable[[Sequence[Prompt]], Sequence[HandTracks]]
"""Generates by prompts and returns the hands found in the clips, in order."""


@dataclass(frozen=True)
class TextTest:
    """The scenes and prompts of the test.

    Attributes:
        feasible: The tasks that each scene allows, by the index of the scene's clip among the held-out ones.
        others: A prompt for each of these tasks in each scene.
        paraphrases: In every scene the task that it was laid out for, in words that no training clip carries.
    """

    feasible: dict[int, list[str]]
    others: list[Prompt]
    paraphrases: list[Prompt]


def text_test(store: ClipStore, scenes: int) -> TextTest:
    """Chooses scenes, as many of each task as there is room for, those first that allow most tasks."""
    feasible = {int(index): feasible_tasks(sample_scene(*store.info(index)["scene"])) for index in store.indices_done}
    by_task: dict[str, list[int]] = {task: [] for task in TASKS}
    for index in sorted(feasible, key=lambda index: (-len(feasible[index]), index)):
        by_task[store.info(index)["task"]].append(index)
    rounds = zip_longest(*by_task.values())
    ranked = [index for row in rounds for index in row if index is not None and len(feasible[index]) > 1]
    chosen = sorted(ranked[:scenes])
    others = [Prompt(index, task, TASKS[task].sentence) for index in chosen for task in feasible[index]]
    return TextTest({index: feasible[index] for index in chosen}, others, _paraphrases(store, chosen))


def _paraphrases(store: ClipStore, indices: Sequence[int]) -> list[Prompt]:
    prompts = []
    for number, index in enumerate(indices):
        task = store.info(index)["task"]
        texts = TASKS[task].held_out_paraphrases
        prompts.append(Prompt(index, task, texts[number % len(texts)]))
    return prompts


def follow_rates(store: ClipStore, test: TextTest, generate: Runner, cache: Path, workers: int) -> dict[str, Any]:
    """Returns how often the generated motion is that of the task asked for.

    Args:
        store: The held-out clips.
        test: From `text_test`.
        generate: Makes the clips.
        cache: Where the references are kept.
        workers: Processes to render them.

    Returns:
        ``other_tasks`` and ``paraphrases`` (rates), ``truth`` (the rate of true performances, the ceiling), ``chance``,
        counts, and ``confusion`` by prompt: the task asked for to the tasks seen.
    """
    references = _references(store, test, cache, workers)
    tracks = generate([*test.others, *test.paraphrases])
    seen = [
        _seen(found.keypoints, references[prompt.index])
        for found, prompt in zip(tracks, [*test.others, *test.paraphrases], strict=True)
    ]
    asked = [prompt.task for prompt in (*test.others, *test.paraphrases)]
    right = [one == other for one, other in zip(asked, seen, strict=True)]
    count = len(test.others)
    confusion: dict[str, dict[str, int]] = {}
    for one, other in zip(asked[:count], seen[:count], strict=True):
        row = confusion.setdefault(one, {})
        row[other or "no hand"] = row.get(other or "no hand", 0) + 1
    return {
        "other_tasks": ratio(sum(right[:count]), count),
        "paraphrases": ratio(sum(right[count:]), len(right) - count),
        "truth": _ceiling(references),
        "chance": float(np.mean([1 / len(test.feasible[prompt.index]) for prompt in test.others])),
        "scenes": len(test.feasible),
        "prompts": count,
        "paraphrase_prompts": len(test.paraphrases),
        "confusion": confusion,
    }


Reference = tuple[str, NDArray[np.float32]]
"""A task and the track of a hand that does it, (t, 21, 2)."""


def _references(store: ClipStore, test: TextTest, cache: Path, workers: int) -> dict[int, list[Reference]]:
    """Renders people doing every feasible task in every scene, and returns their tracks by scene."""
    jobs: list[RenderJob] = []
    places: list[tuple[int, str]] = []
    for index, tasks in test.feasible.items():
        task, seed = store.info(index)["scene"]
        for other in tasks:
            for _ in range(STYLES):
                jobs.append(RenderJob(len(jobs), other, REFERENCE_SEEDS + len(jobs), (task, int(seed))))
                places.append((index, other))
    meta = {"references": [[job.task, job.seed, *(job.scene or ())] for job in jobs]}
    rendered = render_jobs(cache, jobs, size=store.size, launcher=Processes(workers), meta=meta, annotate=False)
    references: dict[int, list[Reference]] = {index: [] for index in test.feasible}
    for (index, task), job in zip(places, jobs, strict=True):
        truth = np.asarray(rendered.array("gt_keypoints")[job.index])
        visible = np.asarray(rendered.array("gt_visible")[job.index])
        track = _arrived(np.where((visible >= 0.5)[..., None, None], truth, np.nan))
        if track is not None:
            references[index].append((task, track))
    return references


def _arrived(keypoints: NDArray[np.floating]) -> NDArray[np.float32] | None:
    """Returns the acting hand's track from `ARRIVAL` on."""
    track = acting_track(keypoints)
    return None if track is None else track[ARRIVAL:]


def _seen(keypoints: NDArray[np.floating], references: Sequence[Reference]) -> str | None:
    track = _arrived(keypoints)
    if track is None:
        return None
    return nearest_task(track, [reference for _, reference in references], [task for task, _ in references])


def _ceiling(references: dict[int, list[Reference]]) -> float:
    """Returns how often a true performance is nearest to another one of its own task in its scene."""
    right, count = 0, 0
    for own in references.values():
        for number, (task, track) in enumerate(own):
            rest = own[:number] + own[number + 1 :]
            seen = nearest_task(track, [reference for _, reference in rest], [name for name, _ in rest])
            right += seen == task
            count += 1
    return ratio(right, count)
