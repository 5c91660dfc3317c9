"""Generation that is killed at any moment goes on, and ends with the same bytes."""

import errno
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from ivg.cli.dataset import main
from ivg.errors import InputError, StoreError
from ivg.policy.datasets import EpisodeStore
from ivg.policy.datasets.store.archive import writing
from ivg.workflows.episodes import ledger
from ivg.workflows.episodes.ledger import read_outcomes

from .test_generate import contents, generate

pytestmark = pytest.mark.skipif(not Path("/proc/self").exists(), reason="tells living processes by /proc")

SCRIPT = Path(__file__).with_name("generate_until_killed.py")


class Server:
    """Begins processes that generate, one at a time, and kills them as ``kill -9`` does."""

    def __init__(self) -> None:
        command = [sys.executable, str(SCRIPT)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = 0

    def begin(self, path: Path, episodes: int, workers: int = 0) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{path} {episodes} {workers}\n")
        self.process.stdin.flush()
        while (line := self.line()).split()[0] != "begun":
            pass  # of a worker that outlived the process before by a moment
        self.pid = int(line.split()[1])

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def kill(self) -> bool:
        """Kills what was begun; tells whether it was still at work."""
        running = runs(self.pid)
        with suppress(ProcessLookupError):  # it came to its end by itself
            os.kill(self.pid, signal.SIGKILL)
        while self.line() != "ended":
            pass
        return running


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    made = Server()
    with made.process:
        yield made
        made.process.kill()


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory, where there is one: hundreds of small files are written and removed."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else tmp_path) as folder:
        yield Path(folder)


@pytest.mark.slow
@pytest.mark.parametrize(("ending", "kills"), [(".zarr", 20), (".zarr.zip", 6)])
def test_killed_at_any_moment_it_ends_with_the_same_bytes(
    memory: Path, monkeypatch: pytest.MonkeyPatch, server: Server, ending: str, kills: int
) -> None:
    killed, whole = memory / "killed" / f"d{ending}", memory / "whole" / f"d{ending}"
    generate(memory / f"first{ending}", 1)  # what is loaded meanwhile is not measured
    began = time.perf_counter()
    with monkeypatch.context() as patch:
        patch.setattr(ledger, "COMMIT_EVERY", 4)  # as the processes that are killed have it
        generate(whole, 12, most=1000)
    commit_s = (time.perf_counter() - began) / 6
    rng, episodes, done = np.random.default_rng(0), 12, 0
    while done < kills:
        server.begin(killed, episodes)
        time.sleep(float(rng.uniform(0, 3 * commit_s)))
        at_work = server.kill()
        done, commit_s = done + at_work, commit_s if at_work else 0.8 * commit_s
        if killed.exists():
            with EpisodeStore(killed) as store:  # it is whole, or this raises
                episodes = len(store) + 12
    assert episodes > 12, "some of it was written meanwhile"
    generate(killed, episodes, most=1000)
    generate(whole, episodes, most=1000)
    assert contents(killed.parent) == contents(whole.parent), "and nothing is left beside it"
    assert main(["check", str(killed)]) == 0


def test_its_processes_end_with_it(tmp_path: Path, server: Server) -> None:
    server.begin(tmp_path / "d.zarr", 900, workers=2)
    workers = {int(server.line().split()[1]) for _ in range(20)}
    assert server.kill()
    for _ in range(200):
        alive = [pid for pid in workers if runs(pid)]
        if not alive:
            break
        time.sleep(0.1)
    assert not alive


def test_a_second_process_is_refused_and_the_first_goes_on(tmp_path: Path, server: Server) -> None:
    path = tmp_path / "d.zarr"
    server.begin(path, 900)
    try:
        while not path.exists():
            assert runs(server.pid)
            time.sleep(0.02)
        with pytest.raises(StoreError, match="being written by another process"):
            generate(path, 2)
        before = len(read_outcomes(path))
        while len(read_outcomes(path)) == before:
            assert runs(server.pid)
            time.sleep(0.02)
    finally:
        server.kill()
    with writing(path):
        assert [file.name for file in tmp_path.iterdir() if ".lock" not in file.name] == ["d.zarr"]


@pytest.mark.parametrize("ending", [".zarr", ".zarr.zip"])
def test_a_full_disk_is_said_and_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str) -> None:
    """The system refuses files above a size, as it refuses any on a full disk."""
    resource = pytest.importorskip("resource")
    path = tmp_path / f"d{ending}"
    generate(path, 6)
    before = contents(tmp_path)
    signal_before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))
    try:
        with pytest.raises(StoreError, match=os.strerror(errno.EFBIG)) as caught:
            generate(path, 18)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, signal_before)
    assert "it is as it was" in str(caught.value)
    assert contents(tmp_path) == before
    generate(path, 18)
    generate(tmp_path / "new" / path.name, 18)
    assert len(EpisodeStore(path)) == 18


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "fixed"
    generate(folder / "d.zarr", 3)
    before = contents(tmp_path)
    folder.chmod(0o500)
    try:
        if os.access(folder, os.W_OK):
            pytest.skip("this user may write to read-only folders")
        with pytest.raises(InputError, match="cannot write to"):
            generate(folder / "d.zarr", 30)
    finally:
        folder.chmod(0o700)
    assert contents(tmp_path) == before


def test_a_read_only_file_system_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot write to '/proc'"):
        generate(Path("/proc/d.zarr"), 1)


def test_attempts_and_episodes_that_disagree_are_damage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "d.zarr"
    generate(path, 9)
    attributes = json.loads((path / ".zattrs").read_text())
    attributes["generation"]["attempts"][0]["seed"] += 1
    (path / ".zattrs").write_text(json.dumps(attributes))
    assert main(["check", str(path)]) == 2
    assert "attempts list 9 kept episodes" in capsys.readouterr().err


@pytest.mark.parametrize("array", ["meta/task", "meta/seed", "meta/demo_path", "meta/checksum", "data/action"])
def test_any_chunk_that_is_cut_off_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str], array: str) -> None:
    path = tmp_path / "d.zarr"
    generate(path, 3)
    chunk = next(file for file in (path / array).iterdir() if file.name[0] != ".")
    chunk.write_bytes(chunk.read_bytes()[:10])
    assert main(["check", str(path)]) == 2
    assert array in capsys.readouterr().err
