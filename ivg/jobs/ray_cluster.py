"""Jobs over a Ray cluster: the twin of `Processes`, with actors in place of processes."""

from __future__ import annotations

import importlib.util
import os
import pickle
import socket
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..io.checks import check_positive
from .launcher import CRASHED, ONE_THREAD, MakeWorker, Results, WorkerStartError, environment, prepare_process

LOCAL = "local"  # address of a cluster that is made on this machine for the run, and ends with it
_LOOPBACK = "127.0.0.2"  # not 127.0.0.1, for which Ray takes the machine's own address, which others can reach


@dataclass(frozen=True)
class RayCluster:
    """Runs jobs in the actors of a Ray cluster; see `Launcher`.

    An actor makes its worker and then does one job after another. If it dies, or its machine does, its job is done
    again by a new actor; one that kills that too gives `CRASHED`. Workers that the cluster has no room for are started
    when there is some. Closing the iterator ends the workers at once, whatever they are doing.

    Raises:
        InputError: Ray is not installed, or a value is impossible; when run, there is no such cluster, or no room.
    """

    workers: int = 2  # actors at most
    address: str = LOCAL  # `LOCAL`, "auto" or HOST:PORT, as `ray.init` takes them
    gpus_per_worker: float = 0.0  # GPUs that a worker takes up: a fraction of one, or some whole ones

    def __post_init__(self) -> None:
        check_positive(workers=self.workers)
        gpus = self.gpus_per_worker
        if gpus < 0 or (gpus > 1 and gpus != round(gpus)):
            raise InputError(f"gpus_per_worker must be in [0, 1] or a whole number, got {gpus:g}")
        check_ray()

    def run(self, make_worker: MakeWorker, jobs: Sequence[Any]) -> Results:
        """Do jobs in any order; see `Launcher.run`."""
        if not jobs:
            return
        with _cluster(self.address, self.workers):
            _check_room(self.gpus_per_worker)
            actors = _Actors(make_worker, self.gpus_per_worker)
            try:
                yield from actors.run(jobs, min(self.workers, len(jobs)))
            finally:
                actors.kill()


def check_ray() -> None:
    """Raise an `InputError` if Ray is not installed."""
    if importlib.util.find_spec("ray") is None:
        raise InputError("a Ray cluster needs the package 'ray', which is not installed: pip install 'ivg[ray]'")


@contextmanager
def _cluster(address: str, workers: int) -> Iterator[None]:
    """Connects to a cluster, unless this process has done so already."""
    import ray

    if ray.is_initialized():
        yield
        return
    _check_answers(address)
    local: dict[str, Any] = {"num_cpus": workers, "include_dashboard": False, "_node_ip_address": _LOOPBACK}
    with environment({"RAY_USAGE_STATS_ENABLED": "0"} if address == LOCAL else {}):
        try:
            ray.init(address=address, logging_level="ERROR", **(local if address == LOCAL else {}))
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise InputError(f"no Ray cluster at address {address}: {str(error).strip().splitlines()[0]}") from error
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
        raise InputError(f"no Ray cluster at address {address}: {error.strerror or error}") from error


def _check_room(gpus_per_worker: float) -> None:
    """Refuse workers that no machine of the cluster has room for, for they would be waited for without end."""
    import ray

    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    if not any(node.get("CPU", 0) >= 1 and node.get("GPU", 0) >= gpus_per_worker for node in nodes):
        have = ", ".join(f"{node.get('CPU', 0):g} CPU and {node.get('GPU', 0):g} GPU" for node in nodes)
        raise InputError(f"no machine has room for a worker of 1 CPU and {gpus_per_worker:g} GPU; they have {have}")


class _Actors:
    """The actors of a run: those that wait for a job, and what the others are busy with."""

    def __init__(self, make_worker: MakeWorker, gpus_per_worker: float) -> None:
        import ray

        kind = ray.remote(num_cpus=1, num_gpus=gpus_per_worker, runtime_env={"env_vars": ONE_THREAD})(_Actor)
        self._new = lambda: kind.remote(str(Path.cwd()), make_worker)  # type: ignore[attr-defined]
        self._under_way: dict[Any, tuple[int | None, Any]] = {}  # by future: index of the job, and actor
        self._failed_starts = 0
        self._idle: list[Any] = []

    def run(self, jobs: Sequence[Any], workers: int) -> Results:
        """Yield results as jobs end; a job that was lost comes first again, and the second time gives `CRASHED`."""
        todo, lost = deque(range(len(jobs))), set[int]()
        for _ in range(workers):
            self._start()
        while todo or any(index is not None for index, _ in self._under_way.values()):
            index, result = self._wait()
            if index is not None and result is CRASHED and index not in lost:
                lost.add(index)
                todo.appendleft(index)
                index = None
            while todo and self._idle:  # first, so that no actor waits for the one who takes the result
                following, actor = todo.popleft(), self._idle.pop()
                self._under_way[actor.do.remote(jobs[following])] = following, actor
            if index is not None:
                yield index, result

    def _start(self) -> None:
        actor = self._new()  # which is idle once its worker is made
        self._under_way[actor.begin.remote()] = None, actor

    def _wait(self) -> tuple[int | None, Any]:
        """Return the index of a job that has ended (None: a start) and its result, `CRASHED` if its actor died."""
        import ray
        from ray.exceptions import RayError, RayTaskError

        (ended,), _ = ray.wait(list(self._under_way), num_returns=1)
        index, actor = self._under_way.pop(ended)
        try:
            result = pickle.loads(ray.get(ended))
        except RayTaskError as error:
            if index is not None:
                raise error.cause from error
            print(error, file=sys.stderr)
            raise WorkerStartError("a worker died when it started (its trace stands above)") from error
        except RayError as error:
            self._replace(index, actor, error)
            return index, CRASHED
        self._failed_starts = 0
        self._idle.append(actor)
        return index, result

    def _replace(self, index: int | None, actor: Any, error: Exception) -> None:
        """Start another actor in place of one that died."""
        import ray

        ray.kill(actor)  # it may live on if no more than its result was lost
        if index is None:
            self._failed_starts += 1
            if self._failed_starts > len(self._under_way) + len(self._idle):
                print(error, file=sys.stderr)
                raise WorkerStartError("workers die when they start (a trace stands above)") from error
        self._start()

    def kill(self) -> None:
        import ray

        for actor in [*self._idle, *(actor for _, actor in self._under_way.values())]:
            ray.kill(actor)


class _Actor:
    """One worker. Its results are pickled, so that the receiver owns them as it owns those of a process."""

    def __init__(self, folder: str, make_worker: MakeWorker) -> None:
        self._folder, self._make_worker = folder, make_worker

    def begin(self) -> bytes:
        prepare_process()
        if Path(self._folder).is_dir():  # relative paths are meant from where the command was given
            os.chdir(self._folder)
        self._worker = self._make_worker()
        return pickle.dumps(None)

    def do(self, job: Any) -> bytes:
        return pickle.dumps(self._worker(job))
