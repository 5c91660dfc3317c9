"""What tests share: OpenGL chosen before MuJoCo is imported, few threads, the `gpu` marker, what is slow to make."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

os.environ.setdefault("GLOG_minloglevel", "2")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("HYDRA_FULL_ERROR", "1")
if "PYTEST_XDIST_WORKER_COUNT" in os.environ:  # several test processes share the cores
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, cores // int(os.environ["PYTEST_XDIST_WORKER_COUNT"]))))

from ivg.envs.rendering import choose_gl

choose_gl()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leaves out tests that need a GPU where there is none."""
    wanted = [item for item in items if item.get_closest_marker("gpu")]
    if not wanted:
        return
    import torch

    if not torch.cuda.is_available():
        for item in wanted:
            item.add_marker(pytest.mark.skip(reason="no CUDA device"))


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has the jobs of `Processes` done here, for tests of what is done: a process takes seconds to start."""
    from ivg.jobs import Processes

    def run(self: Processes, make_worker: Any, jobs: Any) -> Iterator[tuple[int, Any]]:
        worker = make_worker() if len(jobs) else None
        for index, job in enumerate(jobs):
            yield index, worker(job)

    monkeypatch.setattr(Processes, "run", run)


@pytest.fixture(scope="session")
def demonstrator_128() -> Iterator[Any]:
    """A `HumanDemonstrator` with frames of 128 px: compiling its model takes seconds."""
    from ivg.envs.human import HumanDemonstrator

    made = HumanDemonstrator(128)
    yield made
    made.close()


@pytest.fixture(scope="session")
def drawer_clip(demonstrator_128: Any) -> Any:
    """A rendered clip of "open_drawer", seed 3, 128 px, with its ground truth."""
    return demonstrator_128.render("open_drawer", 3)
