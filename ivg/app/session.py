"""The work behind ``ivg-app``'s page, without the page: runs one after another, their views, and stopping them."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from ..envs.errors import EnvsError
from ..errors import InputError
from .picture import frame_from_upload
from .request import AppRequest, checked_request
from .run import AppRun, StoppedError
from .view import AppView, ended_view

if TYPE_CHECKING:
    from ..policy import DemoGenerator
    from ..workflows.context import ContextFrame

LoadGenerator = Callable[[], "DemoGenerator"]

FAULT = "Something went wrong in the program; what it was is in the terminal that ivg-app was started in."
"""What visitors are told of errors that are not about their request."""

_log = logging.getLogger(__name__)


class AppSession:
    """Does the runs of all visitors, one at a time, in one thread of its own (OpenGL stays in the thread it began in).

    Args:
        load_generator: Loads the generator.

    Example:
        >>> with AppSession(lambda: load_telling_generator("nano", "cpu")) as session:
        ...     for view in session.run("me", {"source": "kitchen", "text": "cut the carrot", "seed": 0, ...}):
        ...         print(view.stages)
    """

    def __init__(self, load_generator: LoadGenerator) -> None:
        self._load = load_generator
        self._generator: DemoGenerator | None = None
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ivg-app")
        self._runs: dict[str, _LiveRun] = {}
        self._lock = threading.Lock()

    def load(self) -> str:
        """Load the generator, so that the first visitor does not have to wait for it; return its weights' name.

        Raises:
            IvgError: If its weights cannot be used.
        """
        return self._worker.submit(lambda: self._ready().weights).result()

    def run(self, visitor: str, fields: Mapping[str, Any]) -> Generator[AppView]:
        """Do a run, and yield what there is to show as it changes.

        Closing the iterator stops the run; so does `stop`. A request that cannot be done gives one view that says why.

        Args:
            visitor: Whose run it is; a run that the visitor has already is stopped.
            fields: As `checked_request` takes them, and `name`, what the visitor calls the picture.
        """
        try:
            request = checked_request(fields)
            frame = None
            if request.picture is not None:
                frame = frame_from_upload(request.picture, str(fields.get("name") or "picture"))
        except InputError as error:
            yield ended_view(AppView(), message=plain(error))
            return
        live = _LiveRun(request, frame)
        self._replace(visitor, live)
        self._worker.submit(live.work, self._ready)
        try:
            yield from live.views()
        finally:
            live.stopping.set()
            with self._lock:
                if live.over and self._runs.get(visitor) is live:
                    del self._runs[visitor]  # its pictures are on the page now

    def stop(self, visitor: str) -> AppView | None:
        """Stop a visitor's run; return its last view, or None if it has none.

        The step that is being done is still done; then the run ends, and another visitor's may begin.
        """
        with self._lock:
            live = self._runs.get(visitor)
        if live is None or (live.view.ended and not live.view.stopped):
            return None
        live.stopping.set()
        return ended_view(live.view, stopped=True)

    def is_running(self, visitor: str) -> bool:
        """Whether a visitor has a run that was not stopped and has not ended."""
        with self._lock:
            live = self._runs.get(visitor)
        return live is not None and not live.over and not live.stopping.is_set()

    def forget(self, visitor: str) -> None:
        """Stop and forget the run of a visitor who has left."""
        self.stop(visitor)
        with self._lock:
            self._runs.pop(visitor, None)

    def others_running(self, visitor: str) -> int:
        """Return how many runs of other visitors have not ended."""
        with self._lock:
            return sum(name != visitor and not live.over for name, live in self._runs.items())

    def close(self) -> None:
        """Stop all runs, wait for the step that is being done, and free the generator."""
        with self._lock:
            for live in self._runs.values():
                live.stopping.set()
        self._worker.shutdown(wait=True)
        if self._generator is not None:
            self._generator.close()
            self._generator = None

    def __enter__(self) -> AppSession:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ready(self) -> DemoGenerator:
        """Return the generator; called in the worker's thread only."""
        if self._generator is None:
            self._generator = self._load()
        return self._generator

    def _replace(self, visitor: str, live: _LiveRun) -> None:
        with self._lock:
            before = self._runs.get(visitor)
            self._runs[visitor] = live
        if before is not None:
            before.stopping.set()


class _LiveRun:
    """A run, from two sides: the worker's thread does it, the page's asks for its views.

    Attributes:
        view: The last one.
        stopping: Set to stop it.
        over: Whether the worker is done with it.
    """

    def __init__(self, request: AppRequest, frame: ContextFrame | None) -> None:
        self.request, self.frame = request, frame
        self.view = AppView(request.text, samples=request.samples)
        self.stopping = threading.Event()
        self.over = False
        self._views: SimpleQueue[AppView] = SimpleQueue()

    def work(self, generator: LoadGenerator) -> None:
        """Run to the end, whatever the end is; its last view has `ended`."""
        last: dict[str, Any] = {}
        try:
            if self.stopping.is_set():
                raise StoppedError
            AppRun(self.request, self.frame, generator(), self._show, self.stopping.is_set)()
        except StoppedError:
            last = {"stopped": True}
        except (InputError, EnvsError) as error:
            last = {"message": plain(error)}
        except Exception:
            _log.exception("a run of ivg-app failed")
            last = {"message": FAULT}
        self.over = True
        self._show(ended_view(self.view, **last))

    def views(self) -> Iterator[AppView]:
        """Yield views until the last; those that nobody has looked at in time are left out."""
        while True:
            view = self._views.get()
            try:
                while not view.ended:
                    view = self._views.get_nowait()
            except Empty:
                pass
            yield view
            if view.ended:
                return

    def _show(self, view: AppView) -> None:
        self.view = view
        self._views.put(view)


_QUOTED_PATH = re.compile(r"(['\"])(?:~|[A-Za-z]:)?[/\\](?:(?!\1).)*[/\\]((?:(?!\1)[^/\\])+)\1")
_BARE_PATH = re.compile(r"(?<![\w.])(?:~|[A-Za-z]:)?(?:[/\\]+[^\s/\\'\":,;]+)+[/\\]+([^\s/\\'\":,;]+)")


def plain(error: Exception) -> str:
    """Return an error's words for visitors: one line, and no folders of this machine."""
    words = " ".join(str(error).split())
    return _BARE_PATH.sub(r"\1", _QUOTED_PATH.sub(r"\1\2\1", words))
