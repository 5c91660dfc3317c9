"""Runs of the page: one at a time in a thread of their own, seen by the page as they go on."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from ..envs.errors import EnvsError
from ..errors import IvgError
from ..workflows.demo import make_demonstration
from .view import STAGES, AppView, new_stages, plain

if TYPE_CHECKING:
    from ..policy import DemoGenerator

DEFAULT_STEPS = 2  # denoising steps that the packaged weights were trained for
NOT_SCORED = (
    "This text is near none of the kitchen's tasks: the clip is generated all the same, but success is not scored."
)
FAULT = "Something went wrong in the program; what it was is in the terminal that ivg-app was started in."
"""What visitors read of errors that are not about their request."""

_log = logging.getLogger(__name__)


class StoppedError(Exception):
    """The visitor stopped the run."""


class AppRun:
    """A run, from two sides: the worker's thread does it, the page's asks what has changed.

    Takes keywords of `make_demonstration`, and notices that are shown from the beginning.

    Attributes:
        view: What there is to show.
        stopping: Set to stop it.
        over: Whether the worker is done with it.
    """

    def __init__(self, options: dict[str, Any], notices: tuple[str, ...] = ()) -> None:
        self.options = options
        stages = new_stages(bool(options.get("trajectory")), bool(options.get("execute")))
        self.view = AppView(options["task"], stages, samples=options.get("samples", 1), notices=notices)
        self.stopping = threading.Event()
        self.over = False
        self._changed: SimpleQueue[str | None] = SimpleQueue()
        self._began = 0.0

    def work(self, generator: Callable[[], DemoGenerator]) -> None:
        """Run to the end, whatever the end is; called in the worker's thread."""
        try:
            self._check()
            self._begin("scene")
            callbacks: dict[str, Any] = {"on_progress": self._progress, "on_part": self._part}
            result = make_demonstration(**self.options, generator=generator(), **callbacks)
            self.view.no_trajectory = result.no_trajectory
            self._end("done")
        except StoppedError:
            self.view.stopped = True
        except (IvgError, EnvsError) as error:
            self.view.message = plain(error)
        except Exception:
            _log.exception("a run of ivg-app failed")
            self.view.message = FAULT
        self._end("stopped")
        self.over = True
        self._changed.put("messages")
        self._changed.put(None)

    def changes(self) -> Iterator[set[str]]:
        """Yield the names of what has changed, until the end: "progress", "messages", and the stages with a result."""
        changed: set[str | None] = set()
        while None not in changed:
            changed = {self._changed.get()}
            with suppress(Empty):
                while None not in changed:
                    changed.add(self._changed.get_nowait())
            yield {"progress", *filter(None, changed)}

    def stop(self) -> AppView:
        """Have the run end after the step that is being done; return what there is to show at once."""
        self.stopping.set()
        self.view.stopped = True
        self._end("stopped")
        return self.view

    def _check(self) -> None:
        if self.stopping.is_set():
            raise StoppedError

    def _begin(self, key: str) -> None:
        if (stage := self.view.stages.get(key)) is not None and stage.phase == "waiting":
            stage.phase, self._began = "running", time.perf_counter()
            self._changed.put("progress")

    def _end(self, phase: str) -> None:
        """End the stage that is running; they follow one another without gaps."""
        for stage in self.view.stages.values():
            if stage.phase == "running":
                stage.phase, stage.seconds = phase, stage.seconds + time.perf_counter() - self._began

    def _progress(self, key: str, done: int, total: int) -> None:
        self._check()
        if key == "sample" and done > 1:  # the generator's stages begin anew; their durations add up
            self.view.sample = done
            self._end("done")
            for name in ("region", "clip", "hands", "trajectory"):
                stage = self.view.stages[name]
                stage.phase, stage.done, stage.total = "waiting", 0, 0
            self._begin("region")
        elif key in self.view.stages:
            self.view.stages[key].done, self.view.stages[key].total = done, total
        self._changed.put("progress")

    def _part(self, key: str, value: Any) -> None:
        self._check()
        if key == "scene" and value.scorable and not value.task:
            self.view.notices += (NOT_SCORED,)
        changed = {key: value}
        if key == "trajectory" and value.demonstration is not self.view.parts["hands"]:
            chosen = value.demonstration  # of several clips, the best need not be the last
            changed |= {"region": chosen.region, "clip": chosen.clip, "hands": chosen}
        self.view.parts |= changed
        self._end("done")
        for following in STAGES[STAGES.index(key) + 1 :][:1]:
            self._begin(following)
        for name in (*changed, "messages"):
            self._changed.put(name)


class AppWorker:
    """Does all visitors' runs in one thread (OpenGL stays in the thread that it began in), with one generator.

    The generator is loaded in that thread.
    """

    def __init__(self, load_generator: Callable[[], DemoGenerator]) -> None:
        self._load = load_generator
        self._generator: DemoGenerator | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ivg-app")
        self._runs: dict[str, AppRun] = {}

    def load(self) -> str:
        """Load the generator before the first visitor comes; return its weights' name."""
        return self._thread.submit(lambda: self._ready().weights).result()

    def start(self, visitor: str, run: AppRun) -> None:
        """Do a visitor's run as soon as those before it are over; an earlier one of the same visitor is stopped."""
        self.forget(visitor)
        self._runs[visitor] = run
        self._thread.submit(run.work, self._ready)

    def run_of(self, visitor: str) -> AppRun | None:
        """Return a visitor's run that is not over, or None."""
        run = self._runs.get(visitor)
        return None if run is None or run.over else run

    def busy(self, visitor: str) -> bool:
        """Whether another visitor's run is not over."""
        return any(name != visitor and not run.over for name, run in list(self._runs.items()))

    def forget(self, visitor: str, run: AppRun | None = None) -> None:
        """Stop and forget the run of a visitor, or this one of theirs."""
        if visitor in self._runs and run in (None, self._runs[visitor]):
            self._runs.pop(visitor).stopping.set()

    def close(self) -> None:
        """Stop all runs, wait for the step that is being done, and close the generator."""
        for run in list(self._runs.values()):
            run.stopping.set()
        self._thread.shutdown(wait=True)
        if self._generator is not None:
            self._generator.close()

    def _ready(self) -> DemoGenerator:
        if self._generator is None:
            self._generator = self._load()
        return self._generator
