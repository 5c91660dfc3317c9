"""Renders many clips over several processes into a store, goes on where a stopped run left off."""

from __future__ import annotations

import hashlib
import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from .. import envs
from ..cli.shared.command import refusal_of
from ..data.clip_store import ClipStore
from ..envs.kitchen.feasibility import sample_foreign_scene
from ..envs.kitchen.tasks import TASKS
from ..errors import StoreError, unknown_option
from ..jobs.processes import ONE_THREAD, begin, environment, interrupts_held
from ..types import FPS
from .render_worker import RenderJob, render, start

CHUNK = 256
"""Jobs handed to the pool at a time, so that Ctrl-C does not have to wait for a long queue."""

KEPT = "clips that are done are kept, the same command goes on"
"""What an error says of the store."""


def check_tasks(names: Sequence[str]) -> list[str]:
    """Returns the names, or all tasks if there are none.

    Raises:
        InputError: One is not a task of the kitchen.
    """
    for name in names:
        if name not in TASKS:
            raise unknown_option("task", name, TASKS)
    return list(names) or list(TASKS)


def render_store(
    path: Path,
    *,
    clips: int,
    size: int = 128,
    workers: int = 2,
    seed_offset: int = 0,
    tasks: Sequence[str] = (),
    foreign: float = 0.0,
    annotate: bool = True,
    progress: bool = True,
) -> ClipStore:
    """Renders clips of the kitchen: clip k shows task ``k % len(tasks)`` with seed ``seed_offset + k``.

    Args:
        path: A new folder, or the store of a stopped run with the same values.
        clips: Number of clips.
        size: Height and width in pixels.
        workers: Processes.
        seed_offset: First seed. Training uses seeds below `HELD_OUT_SEEDS`, evaluation those from there on.
        tasks: Names of tasks; all of them if empty.
        foreign: Share of the clips, where possible, that show their task in a scene laid out for another one.
        annotate: Whether MediaPipe looks at the clips.
        progress: Whether to show a bar on stderr.

    Raises:
        InputError: A task is unknown.
        StoreError: The folder holds something else, or a store begun with other values.
    """
    names = check_tasks(tasks)
    meta = {"seed_offset": seed_offset, "tasks": names, "foreign": foreign, "annotate": annotate}
    jobs = [_job(k, names[k % len(names)], seed_offset + k, foreign) for k in range(clips)]
    return render_jobs(path, jobs, size=size, workers=workers, meta=meta, annotate=annotate, progress=progress)


def _job(index: int, task: str, seed: int, foreign: float) -> RenderJob:
    if np.random.default_rng([seed, 0xF0]).random() >= foreign:
        return RenderJob(index, task, seed)
    scene = sample_foreign_scene(task, seed)
    return RenderJob(index, task, seed, (scene.task, scene.seed) if scene else None)


def render_jobs(
    path: Path,
    jobs: Sequence[RenderJob],
    *,
    size: int,
    workers: int,
    meta: dict[str, Any],
    annotate: bool = True,
    progress: bool = True,
) -> ClipStore:
    """Renders the given clips into a store; those that a stopped run has done are left as they are.

    Args:
        path: A new folder, or the store of a stopped run with the same `meta`.
        jobs: One for every index from 0 on.
        size: Height and width in pixels.
        workers: Processes.
        meta: JSON values to know the store again by.
        annotate: Whether MediaPipe looks at the clips.
        progress: Whether to show a bar on stderr.

    Raises:
        StoreError: The folder holds something else, or a store begun with other values.
    """
    store = ClipStore.create(path, count=len(jobs), size=size, fps=FPS, source="kitchen", meta=meta)
    if store.attrs["meta"] != meta:
        raise StoreError(f"{path} was begun with {store.attrs['meta']}, not {meta}; give a new folder")
    missing = [jobs[index] for index in store.indices_missing]
    done = len(jobs) - len(missing)
    with tqdm(total=len(jobs), initial=done, unit="clip", desc=path.name, disable=not progress) as bar:
        for _ in _run(missing, store, workers, annotate):
            bar.update()
    return ClipStore.open(path)


def _run(jobs: Sequence[RenderJob], store: ClipStore, workers: int, annotate: bool) -> Iterator[int]:
    if not jobs:
        return
    arguments = (store.path, store.size, annotate)
    context = multiprocessing.get_context("spawn")
    count = min(workers, len(jobs))
    with (
        environment(ONE_THREAD),
        ProcessPoolExecutor(count, mp_context=context, initializer=begin, initargs=(start, *arguments)) as pool,
    ):
        try:
            for first in range(0, len(jobs), CHUNK):
                with interrupts_held():
                    waiting = [pool.submit(render, job) for job in jobs[first : first + CHUNK]]
                for done in as_completed(waiting):
                    yield done.result()
        except BrokenProcessPool as error:
            raise StoreError(f"a rendering process died; {KEPT}") from error
        except OSError as error:
            raise StoreError(f"'{store.path}' could not be written: {refusal_of(error) or error}; {KEPT}") from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def envs_fingerprint() -> str:
    """Returns eight hex digits that change whenever a file does that rendered clips depend on."""
    folder = Path(envs.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.suffix in (".py", ".xml", ".png")):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:8]
