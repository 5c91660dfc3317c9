"""Work spread over a Ray cluster: the twin of `run_jobs`, with actors in place of processes."""

from __future__ import annotations

import importlib.util
import os
import pickle
import signal
import socket
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from ..errors import InputError
from .processes import CRASHED, ONE_THREAD, environment

LOCAL = "local"
"""Address of a cluster that is made on this machine for the run, and ends with it."""

_LOOPBACK = "127.0.0.2"  # not 127.0.0.1, for which Ray takes the machine's own address, which others can reach
_PRIVATE = {"RAY_USAGE_STATS_ENABLED": "0"}


@dataclass(frozen=True)
class RayJobs:
    """Called like `run_jobs`: does jobs in the actors of a Ray cluster, in any order.

    An actor calls `start` once and then does one job after another, so that no more jobs are under way than there are
    workers. If it dies, or its machine does, its job is done again by a new actor; one that kills that too gives
    `CRASHED`. Workers that the cluster has no room for are started when there is some.

    Attributes:
        address: `LOCAL`, "auto" or HOST:PORT, as `ray.init` takes them.
        gpus_per_worker: What a worker takes up: a part of a GPU, or some whole ones.

    Raises:
        InputError: Ray is not installed, there is no such cluster, or no machine in it has room for a worker.
        BrokenProcessPool: A worker does not start.
    """

    address: str = LOCAL
    gpus_per_worker: float = 0.0

    def __call__(
        self,
        work: Callable[[Any], Any],
        jobs: Sequence[Any],
        *,
        workers: int,
        start: Callable[..., None] | None = None,
        arguments: tuple[Any, ...] = (),
    ) -> Iterator[tuple[int, Any]]:
        """Do the jobs; see `run_jobs`. Closing the iterator ends the workers at once, whatever they are doing.

        Args:
            work: Does one job; a function that the cluster's machines can import.
            jobs: What it is called with.
            workers: Actors.
            start: Called with `arguments` in every actor when it starts.
            arguments: See there. An event of this process is never set in an actor.

        Yields:
            Each job's place in `jobs`, and its result.
        """
        if not jobs:
            return
        with _cluster(self.address, workers):
            check_room(self.gpus_per_worker)
            crew = _Crew(work, start, arguments, self.gpus_per_worker)
            try:
                yield from _run(crew, jobs, min(workers, len(jobs)))
            finally:
                crew.dismiss()


def check_ray() -> None:
    """Raise an `InputError` if Ray is not installed."""
    if importlib.util.find_spec("ray") is None:
        raise InputError("--launcher ray needs the package 'ray', which is not installed: pip install 'ivg[ray]'")


@contextmanager
def _cluster(address: str, workers: int) -> Iterator[None]:
    """Connects to a cluster, unless this process has done so already."""
    check_ray()
    import ray

    if ray.is_initialized():
        yield
        return
    _check_answers(address)
    local: dict[str, Any] = {"num_cpus": workers, "include_dashboard": False, "_node_ip_address": _LOOPBACK}
    with environment(_PRIVATE if address == LOCAL else {}):
        try:
            ray.init(address=address, logging_level="ERROR", **(local if address == LOCAL else {}))
        except (ConnectionError, RuntimeError, ValueError) as error:
            told = str(error).strip().splitlines()[0]
            raise InputError(f"no Ray cluster at --ray-address {address}: {told}") from error
        try:
            yield
        finally:
            ray.shutdown()


def _check_answers(address: str) -> None:
    """Refuse a HOST:PORT where nobody listens, for which Ray would try for minutes."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        return
    import ray

    if host in ("localhost", "127.0.0.1"):
        host = ray.util.get_node_ip_address()  # as Ray has it
    try:
        socket.create_connection((host, int(port)), timeout=20).close()
    except OSError as error:
        raise InputError(f"no Ray cluster at --ray-address {address}: {error.strerror or error}") from error


def check_room(gpus_per_worker: float) -> None:
    """Refuse workers that no machine of the cluster has room for, for they would be waited for without end."""
    import ray

    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    if not any(node.get("CPU", 0) >= 1 and node.get("GPU", 0) >= gpus_per_worker for node in nodes):
        have = ", ".join(f"{node.get('CPU', 0):g} CPU and {node.get('GPU', 0):g} GPU" for node in nodes)
        raise InputError(f"no machine has room for a worker of 1 CPU and {gpus_per_worker:g} GPU; they have {have}")


def _run(crew: _Crew, jobs: Sequence[Any], workers: int) -> Iterator[tuple[int, Any]]:
    """Yields results as jobs end; a job that was lost comes first again, and the second time gives `CRASHED`."""
    todo, lost = deque(range(len(jobs))), set[int]()
    for _ in range(workers):
        crew.hire()
    while todo or crew.busy:
        place, result = crew.wait()
        if place is not None and result is CRASHED and place not in lost:
            lost.add(place)
            todo.appendleft(place)
            place = None
        while todo and crew.idle:  # first, so that nobody waits for the one who takes the result
            following = todo.popleft()
            crew.give(following, jobs[following])
        if place is not None:
            yield place, result


class _Crew:
    """The actors of a run: those that wait for a job, and what the others are busy with."""

    def __init__(
        self,
        work: Callable[[Any], Any],
        start: Callable[..., None] | None,
        arguments: tuple[Any, ...],
        gpus_per_worker: float,
    ) -> None:
        import ray

        kind = ray.remote(num_cpus=1, num_gpus=gpus_per_worker, runtime_env={"env_vars": ONE_THREAD})(_Actor)
        plain = tuple(_NeverSet() if isinstance(argument, Event) else argument for argument in arguments)
        self._new = lambda: kind.remote(str(Path.cwd()), work, start, plain)  # type: ignore[attr-defined]
        self._under_way: dict[Any, tuple[int | None, Any]] = {}  # by what it will give: place of the job, and actor
        self._failed_starts = 0
        self.idle: list[Any] = []

    @property
    def busy(self) -> bool:
        """Whether a job is under way."""
        return any(place is not None for place, _ in self._under_way.values())

    def hire(self) -> None:
        """Start a worker, which is idle once it has started."""
        actor = self._new()
        self._under_way[actor.begin.remote()] = None, actor

    def give(self, place: int, job: Any) -> None:
        """Let an idle worker do a job."""
        actor = self.idle.pop()
        self._under_way[actor.do.remote(job)] = place, actor

    def wait(self) -> tuple[int | None, Any]:
        """Return the place of a job that has ended and its result, `CRASHED` if its worker died; None for a start.

        Raises:
            BrokenProcessPool: A worker fails to start, or one after another dies before it has started.
        """
        import ray
        from ray.exceptions import RayError, RayTaskError

        (ended,), _ = ray.wait(list(self._under_way), num_returns=1)
        place, actor = self._under_way.pop(ended)
        try:
            result = pickle.loads(ray.get(ended))
        except RayTaskError as error:
            if place is not None:
                raise error.cause from error
            print(error, file=sys.stderr)
            raise BrokenProcessPool("a worker's start failed") from error
        except RayError as error:
            self._replace(place, actor, error)
            return place, CRASHED
        self._failed_starts = 0
        self.idle.append(actor)
        return place, result

    def _replace(self, place: int | None, actor: Any, error: Exception) -> None:
        """Start another worker in place of one that died."""
        import ray

        ray.kill(actor)  # it may live on if no more than its result was lost
        if place is None:
            self._failed_starts += 1
            if self._failed_starts > len(self._under_way) + len(self.idle):
                print(error, file=sys.stderr)
                raise BrokenProcessPool("workers die when they start") from error
        self.hire()

    def dismiss(self) -> None:
        """End all workers."""
        import ray

        for actor in [*self.idle, *(actor for _, actor in self._under_way.values())]:
            ray.kill(actor)


class _Actor:
    """One worker. Its results are pickled, so that the receiver owns them as it owns those of a process."""

    def __init__(self, folder: str, work: Callable[[Any], Any], start: Any, arguments: tuple[Any, ...]) -> None:
        self._folder, self._work, self._start, self._arguments = folder, work, start, arguments

    def begin(self) -> bytes:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if Path(self._folder).is_dir():  # relative paths are meant from where the command was given
            os.chdir(self._folder)
        if self._start is not None:
            self._start(*self._arguments)
        return pickle.dumps(None)

    def do(self, job: Any) -> bytes:
        return pickle.dumps(self._work(job))


class _NeverSet:
    """Stands for an event of the launching process, which ends workers instead of telling them."""

    def is_set(self) -> bool:
        return False
