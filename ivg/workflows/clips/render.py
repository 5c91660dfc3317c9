"""Renders clips of the kitchen's human demonstrator into a clip store."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ...data.clip_store import ClipStore
from ...envs.human import HumanDemonstrator
from ...envs.kitchen.feasibility import sample_foreign_scene
from ...envs.kitchen.scene.scene import sample_scene
from ...envs.kitchen.tasks import TASKS
from ...errors import StoreError, unknown_option
from ...io.checks import check_can_be_folder, check_first_seed, check_fraction, check_positive, check_size, refusal_of
from ...jobs import CRASHED, TWO_PROCESSES, Launcher, MakeWorker, Progress, WorkerStartError
from ...types import FPS
from .records import annotated, record_of

KEPT = "clips that are done are kept, the same command goes on"  # what an error says of the store

Job = TypeVar("Job")


@dataclass(frozen=True)
class RenderJob:
    """One clip to render: its index in the store, task, seed, and those that its scene is laid out for, if others."""

    index: int
    task: str
    seed: int
    scene: tuple[str, int] | None = None


def render_clips(
    out: Path,
    clips: int,
    *,
    size: int = 128,
    seed_offset: int = 0,
    tasks: Sequence[str] = (),
    foreign: float = 0.0,
    annotate: bool = True,
    launcher: Launcher = TWO_PROCESSES,
    progress: Progress | None = None,
) -> ClipStore:
    """Render clips of the kitchen: clip k shows task ``k % len(tasks)`` (of all if none) with seed ``seed_offset + k``.

    Out is a new folder, or the store of a stopped run with the same values. Training uses seeds below
    `ivg.data.split.HELD_OUT_SEEDS`, evaluation those above. A fraction `foreign` of the clips, where possible, shows
    its task in a scene laid out for another one. Frames have `size` px; MediaPipe finds the hands if `annotate`.

    Raises:
        InputError: A value is impossible, or a task unknown.
        StoreError: The folder holds something else, or a store begun with other values; or a clip cannot be rendered.
    """
    check_positive(clips=clips)
    check_size(size)
    check_first_seed(seed_offset=seed_offset)
    check_fraction(foreign=foreign)
    names = check_tasks(tasks)
    meta = {"seed_offset": seed_offset, "tasks": names, "foreign": foreign, "annotate": annotate}
    jobs = [_job(k, names[k % len(names)], seed_offset + k, foreign) for k in range(clips)]
    return render_jobs(out, jobs, size=size, meta=meta, annotate=annotate, launcher=launcher, progress=progress)


def check_tasks(names: Sequence[str]) -> list[str]:
    """Return the names, or all tasks if there are none; an `InputError` if one is no task of the kitchen."""
    for name in names:
        if name not in TASKS:
            raise unknown_option("task", name, TASKS)
    return list(names) or list(TASKS)


def _job(index: int, task: str, seed: int, foreign: float) -> RenderJob:
    if np.random.default_rng([seed, 0xF0]).random() >= foreign:
        return RenderJob(index, task, seed)
    scene = sample_foreign_scene(task, seed)
    return RenderJob(index, task, seed, (scene.task, scene.seed) if scene else None)


def render_jobs(
    out: Path,
    jobs: Sequence[RenderJob],
    *,
    size: int,
    meta: dict[str, Any],
    annotate: bool = True,
    launcher: Launcher = TWO_PROCESSES,
    progress: Progress | None = None,
) -> ClipStore:
    """Render the given clips into a store, as `render_clips`; those that a stopped run has done are left as they are.

    There is a job for every index from 0 on; `meta` are JSON values that identify the store's contents.

    Raises:
        StoreError: The folder holds something else, or a store begun with other values; or a clip cannot be rendered.
    """
    check_can_be_folder(out)
    store = ClipStore.create(out, count=len(jobs), size=size, fps=FPS, source="kitchen", meta=meta)
    if store.attrs["meta"] != meta:
        raise StoreError(f"{out} was begun with {store.attrs['meta']}, not {meta}; give a new folder")
    missing = [jobs[index] for index in store.indices_missing]
    make_worker = functools.partial(Renderer, out, size, annotate)
    for job, result in run_into_store(launcher, make_worker, missing, out, len(jobs), progress):
        if result is CRASHED:
            raise StoreError(f"a rendering process died twice of clip {job.index}; {KEPT}")
    return ClipStore.open(out)


def run_into_store(
    launcher: Launcher, make_worker: MakeWorker, jobs: Sequence[Job], out: Path, total: int, progress: Progress | None
) -> Iterator[tuple[Job, Any]]:
    """Yield each of the last jobs of `total` as it ends, with its result; a `StoreError` says why the run stopped."""
    done = total - len(jobs)
    try:
        if progress is not None:
            progress(done, total)
        for number, (index, result) in enumerate(launcher.run(make_worker, jobs), done + 1):
            yield jobs[index], result
            if progress is not None:
                progress(number, total)
    except WorkerStartError as error:
        raise StoreError(f"{error}; {KEPT}") from error
    except OSError as error:
        raise StoreError(f"'{out}' could not be written: {refusal_of(error) or error}; {KEPT}") from error


class Renderer:
    """A worker that renders clips of `size` px into a store; MediaPipe finds their hands if `annotate`."""

    def __init__(self, store: Path, size: int, annotate: bool) -> None:
        from ...hands import MediaPipeHands

        self.store = ClipStore.open(store, mode="r+")
        self.demonstrator = HumanDemonstrator(size=size)
        self.detector = MediaPipeHands() if annotate else None

    def __call__(self, job: RenderJob) -> None:
        """Render one clip into the store."""
        scene = sample_scene(*job.scene) if job.scene else None
        clip = self.demonstrator.render(job.task, job.seed, scene)
        record = record_of(clip, source=str(self.store.attrs["source"]), scene=job.scene)
        self.store.write(job.index, annotated(record, self.detector) if self.detector else record)
