"""Jobs on a Ray cluster: the laws of `Processes`, and the same dataset to the byte."""

import importlib
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ivg.cli.dataset import main
from ivg.errors import InputError
from ivg.io.video import write_video
from ivg.jobs import CRASHED, ONE_THREAD, Processes, RayCluster, WorkerStartError
from ivg.workflows.episodes import generate as generation
from ivg.workflows.episodes import ledger
from ivg.workflows.episodes.attempts import GenerateSettings
from ivg.workflows.episodes.generate import generate_episodes

EVAL = partial(eval, "eval")  # makes a worker that evaluates
KILLER = "__import__('os')._exit(3)"
NODE = "__import__('ray').get_runtime_context().get_node_id()"

Run = Callable[..., Iterator[tuple[int, Any]]]

pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed: pip install 'ivg[ray]'"),
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore:.*accelerator visible devices:FutureWarning"),
]


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that processes which start import from."""
    folder = tmp_path_factory.mktemp("code")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder), prepend=os.pathsep)
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.syspath_prepend(folder)
        yield folder


@pytest.fixture(scope="module", autouse=True)
def cluster(code: Path) -> Iterator[Any]:
    """A cluster of two machines, as Ray sees it, each with room for two workers."""
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 2, "include_dashboard": False, "node_ip_address": "127.0.0.2"}
    cluster = Cluster(initialize_head=True, head_node_args=node)
    cluster.add_node(**node)
    yield cluster
    cluster.shutdown()


@pytest.fixture
def run(cluster: Any) -> Run:
    """Runs jobs on the cluster: `run(jobs, workers)`."""
    return lambda jobs, workers, make_worker=EVAL: RayCluster(workers, cluster.address).run(make_worker, jobs)


def test_all_jobs_are_done(run: Run) -> None:
    jobs = [f"{n} * {n}" for n in range(9)]
    assert dict(run(jobs, 3)) == {n: n * n for n in range(9)}


def test_no_job_is_no_work(run: Run) -> None:
    assert list(run([], 2)) == []


def waiting_for(count: int, folder: Path, value: str) -> str:
    """A job that gives a value once so many of its kind are under way."""
    return (
        f"[open({str(folder)!r} + '/' + str(__import__('os').getpid()), 'w').close(), "
        f"[__import__('time').sleep(0.05) for _ in range(2000) "
        f"if len(__import__('os').listdir({str(folder)!r})) < {count}], {value}][-1]"
    )


def test_workers_are_on_both_machines_and_have_one_thread(run: Run, tmp_path: Path) -> None:
    told = f"[*[__import__('os').environ[name] for name in {list(ONE_THREAD)}], {NODE}]"
    results = dict(run([waiting_for(4, tmp_path, told)] * 4, 4)).values()
    assert {thread for *threads, _ in results for thread in threads} == {"1"}
    assert len({node for *_, node in results}) == 2


def test_a_job_that_kills_its_worker_is_told_and_the_others_are_done(run: Run) -> None:
    jobs = ["1", KILLER, "3", "4", KILLER, "6"]
    results = dict(run(jobs, 2))
    assert results.pop(1) is CRASHED
    assert results.pop(4) is CRASHED
    assert results == {0: 1, 2: 3, 3: 4, 5: 6}


def test_a_job_whose_worker_died_is_tried_once_more(run: Run, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    once = f"'done' if __import__('pathlib').Path({str(mark)!r}).exists() else (open({str(mark)!r}, 'w'), {KILLER})"
    assert dict(run(["1", once, "3"], 1)) == {0: 1, 1: "done", 2: 3}


def test_an_error_passes_through(run: Run) -> None:
    with pytest.raises(ZeroDivisionError, match="^division by zero$"):
        list(run(["1 / 0"], 1))


def test_every_worker_starts_once_and_a_failing_start_ends_the_run(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    count = "[setattr(os := __import__('os'), 'IVG_MADE', getattr(os, 'IVG_MADE', 0) + 1), eval][1]"
    results = dict(run(["__import__('os').IVG_MADE"] * 5, 2, partial(eval, count)))
    assert set(results.values()) == {1}
    for broken in ("1 / 0", KILLER):
        with pytest.raises(WorkerStartError):
            list(run(["1"], 1, partial(eval, broken)))
    assert "division by zero" in capsys.readouterr().err


def test_a_closed_run_ends_its_workers(run: Run, tmp_path: Path) -> None:
    jobs = ["__import__('os').getpid()", f"open({str(tmp_path / 'begun')!r}, 'w'), __import__('time').sleep(600)"]
    results = run(jobs, 1)
    _, pid = next(results)
    while not (tmp_path / "begun").exists():
        time.sleep(0.05)
    results.close()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and _is_alive(pid):
        time.sleep(0.05)
    assert not _is_alive(pid)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"


def test_relative_paths_are_meant_from_where_the_command_was_given(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert list(run(["__import__('os').getcwd()"], 1)) == [(0, str(tmp_path))]


def test_no_more_jobs_are_under_way_than_there_are_workers(run: Run, tmp_path: Path) -> None:
    jobs = [f"open({str(tmp_path)!r} + '/{n}', 'w') and None" for n in range(20)]
    results = run(jobs, 2)
    next(results)
    time.sleep(1)
    assert len(list(tmp_path.iterdir())) <= 3, "nobody takes the results"
    assert len(list(results)) == 19


def test_results_can_be_written_to(run: Run) -> None:
    ((_, zeros),) = run(["__import__('numpy').zeros(300000)"], 1)
    zeros += 1


def test_what_has_no_room_is_refused(cluster: Any) -> None:
    with pytest.raises(
        InputError, match="no machine has room for a worker of 1 CPU and 0.25 GPU; they have 2 CPU and 0"
    ):
        list(RayCluster(1, cluster.address, gpus_per_worker=0.25).run(EVAL, ["1"]))


def test_a_machine_that_is_lost_costs_no_job(cluster: Any, run: Run, tmp_path: Path) -> None:
    node = cluster.add_node(num_cpus=2, resources={"third": 1}, node_ip_address="127.0.0.2", include_dashboard=False)
    told = f"(__import__('time').sleep(2), {NODE})[1]"
    results = run([*[waiting_for(6, tmp_path, "0")] * 6, *[told] * 12], 6)
    assert [next(results)[1] for _ in range(6)] == [0] * 6
    cluster.remove_node(node, allow_graceful=False)
    after = list(results)
    assert sorted(place for place, _ in after) == list(range(6, 18))
    assert node.node_id not in {result for _, result in after}


def test_a_cluster_can_be_made_for_the_run_twice() -> None:
    """In a process of its own: Ray keeps in a process whether clusters want a token, as this kind does."""
    code = (
        "from functools import partial\nfrom ivg.jobs import CRASHED, RayCluster\n"
        f"jobs, make = ['1', {KILLER!r}, '3'], partial(eval, 'eval')\n"
        "runs = [dict(RayCluster(2).run(make, jobs)) for _ in range(2)]\n"
        "print(runs == [{0: 1, 1: CRASHED, 2: 3}] * 2)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=240)
    assert done.stdout.splitlines()[-1:] == ["True"], done.stderr[-3000:]


TOY = """
import numpy as np
from ivg.policy.attempt import Attempt
from ivg.policy.datasets import RobotEpisode

class Worker:
    def __init__(self, settings):
        self.size = settings.size

    def __call__(self, job):
        return attempt(job, self.size)

def attempt(job, size):
    if job.index % 4 == 1:
        return Attempt(None, "not_done", "made up")
    rng = np.random.default_rng(job.seed)
    steps = 3 + job.seed % 4
    episode = RobotEpisode(
        image=rng.integers(0, 256, (steps, size, size, 3), np.uint8),
        proprio=rng.random((steps, 16)).astype(np.float32),
        action=rng.random((steps, 7)).astype(np.float32),
        phase=np.linspace(0, 1, steps, dtype=np.float32),
        plan_phase=np.linspace(0, 1, steps, dtype=np.float32),
        demo_keypoints=np.zeros((16, 2, 21, 2), np.float32),
        demo_present=np.zeros((16, 2), np.float32),
        demo_path=rng.random((16, 8)).astype(np.float32),
        demo_plan=rng.random((32, 8)).astype(np.float32),
        demo_clip=rng.integers(0, 256, (16, size, size, 3), np.uint8),
        task=job.task, text=job.text, seed=job.seed, success=True, provenance={"index": job.index},
    )
    return Attempt(episode)
"""


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_dataset_is_the_same_to_the_byte(
    cluster: Any, code: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (code / "ivg_toy_worker.py").write_text(TOY)
    toy = importlib.import_module("ivg_toy_worker")
    monkeypatch.setattr(ledger, "COMMIT_EVERY", 5)
    monkeypatch.setattr(generation, "EpisodeWorker", toy.Worker)
    settings = GenerateSettings("kitchen", ("open_drawer", "push_plate"), seed=50, size=16)
    made = {}
    launchers = {"one": Processes(1), "two": Processes(2), "ray": RayCluster(2, cluster.address)}
    for name, launcher in launchers.items():
        path = tmp_path / f"{name}.zarr"
        generate_episodes(path, settings, episodes=7, max_attempts=300, launcher=launcher)
        made[name] = contents(path)
    assert made["one"]
    assert made["one"] == made["two"] == made["ray"]


@pytest.mark.slow
@pytest.mark.usefixtures("in_process")
def test_for_real_the_robot_s_episodes_are_the_same_to_the_byte(cluster: Any, tmp_path: Path) -> None:
    command = ["generate", "--source", "truth", "--tasks", "close_drawer", "--size", "64", "--workers", "1"]
    launchers = {"here": [], "ray": ["--launcher", "ray", "--ray-address", cluster.address]}
    for name, options in launchers.items():
        assert main([*command, "--episodes", "1", "--out", str(tmp_path / f"{name}.zarr"), *options]) == 0
    assert contents(tmp_path / "here.zarr") == contents(tmp_path / "ray.zarr")


@pytest.mark.slow
@pytest.mark.usefixtures("in_process")
def test_for_real_videos_are_annotated_alike(cluster: Any, tmp_path: Path) -> None:
    (tmp_path / "videos").mkdir()
    for seed, name in enumerate(("cut_the_carrot", "stir_the_pot", "wipe_the_counter")):
        pictures = np.random.default_rng(seed).integers(0, 256, (1, 64, 128, 3), np.uint8)
        write_video(tmp_path / "videos" / f"{name}.mp4", np.concatenate([pictures] * 16 + [255 - pictures] * 16), 8)
    command = ["annotate", "--folder", str(tmp_path / "videos"), "--size", "32", "--min-hand-frames", "0"]
    command += ["--min-frames", "1", "--min-sharpness", "0", "--workers", "1"]
    launchers = {"here": [], "ray": ["--launcher", "ray", "--ray-address", cluster.address]}
    for name, options in launchers.items():
        assert main([*command, "--min-motion", "0", "--out", str(tmp_path / name), *options]) == 0
    made = {name: contents(tmp_path / name) for name in launchers}
    assert made["here"] == made["ray"]
