# ruff: noqa: E501 (the cases are a table)
"""Bad input, over the commands and the public functions: one clear error, exit code 2, nothing half-written.

Each case names what is wrong with what is given, and what the error has to say (a regular expression). docs/trust.md
holds them as a table; `IVG_WRITE_DOCS=1 pytest tests/trust` writes it anew.
"""

from __future__ import annotations

import contextlib
import functools
import io
import json
import os
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ivg.envs.errors import EnvsError
from ivg.errors import IvgError
from ivg.io.page_table import insert_table
from ivg.pipeline import find_weights

PAGE = Path(__file__).resolve().parents[2] / "docs" / "trust.md"
FRAME = np.full((64, 64, 3), 90, np.uint8)


@dataclass
class World:
    """A folder with bad files, and what runs on them."""

    folder: Path
    files: dict[str, bytes] = field(default_factory=dict)

    def path(self, name: str, content: bytes | str | None = None) -> str:
        """Return the path of a file of the folder; with a content, write it."""
        target = self.folder / name
        if content is not None:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(target)

    def run(self, command: str, *arguments: str) -> str:
        """Run a command; return what it writes to stderr, its exit code being 2 and the folder as before."""
        main = import_module(f"ivg.cli.{command}").main
        before, errors = self.tree(), io.StringIO()
        with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(io.StringIO()):
            try:
                code = main(list(arguments))
            except SystemExit as stop:
                code = stop.code
        assert code == 2, f"exit code {code}: {errors.getvalue()}"
        assert self.tree() == before, "something was left behind"
        assert "Traceback" not in errors.getvalue()
        return errors.getvalue()

    def call(self, function: Callable[[], object]) -> str:
        """Call a function; return the words of the error that it raises."""
        before = self.tree()
        with pytest.raises((IvgError, EnvsError)) as caught:
            function()
        assert self.tree() == before, "something was left behind"
        return str(caught.value)

    def tree(self) -> dict[str, bytes]:
        """Return the folder's files."""
        found = (path for path in self.folder.rglob("*") if path.is_file())
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in found}


@dataclass(frozen=True)
class Case:
    """Something bad.

    Attributes:
        group: What kind of thing it is.
        what: What is wrong with it.
        do: Gives it, and returns the error's words.
        says: What these have to match.
    """

    group: str
    what: str
    do: Callable[[World], str]
    says: str


def png(width: int, height: int) -> bytes:
    """Return a PNG that claims a size, with a single row of pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def picture(world: World, name: str, shape: tuple[int, ...], keep: float = 1.0) -> str:
    """Write a picture, or the first part of it."""
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    data = buffer.getvalue()
    return world.path(name, data[: int(keep * len(data))])


def video(world: World, name: str, frames: int, keep: float = 1.0) -> str:
    """Write a video, or the first part of it."""
    from ivg.io.video import write_video

    target = Path(world.path(name))
    pixels = np.random.default_rng(0).integers(0, 256, (max(frames, 1), 64, 64, 3), np.uint8)
    write_video(target, pixels, 8)
    data = target.read_bytes()
    target.write_bytes(data[: int(keep * len(data))])
    return str(target)


def audio(world: World) -> str:
    """Write a file with sound and no picture."""
    import wave

    target = world.path("sound.wav")
    with wave.open(target, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\0\0" * 8000)
    return target


def demo(world: World, *options: str, task: str = "stir the pot") -> str:
    """Run ivg-demo."""
    return world.run("demo", "--task", task, "--out", world.path("out"), *options)


def annotate(world: World, *options: str) -> str:
    """Run ivg-dataset annotate."""
    return world.run("dataset", "annotate", "--out", world.path("out"), *options)


def train(world: World, *changes: str) -> str:
    """Compose a training's configuration and run it; return the words of the error."""
    from ivg.training import train_stage
    from ivg.training.composition import compose_train, read_run

    given = ["train=region", f"data.path={world.path('clips')}", f"output={world.path('out')}", *changes]
    try:
        train_stage(read_run(compose_train(given)))
    except IvgError as error:
        return str(error)
    return "no error"


def dataset(world: World, name: str = "data.zarr") -> Path:
    """Write a small dataset of demonstrations."""
    from ivg.policy import Demonstration, write_demonstrations

    rng = np.random.default_rng(0)
    made = Demonstration(
        clip=rng.integers(0, 256, (4, 64, 64, 3), np.uint8),
        region=np.zeros((64, 64), bool),
        keypoints=np.zeros((4, 2, 21, 2), np.float32),
        present=np.ones((4, 2), bool),
        fps=8.0,
        provenance={"seed": 0},
    )
    target = Path(world.path(name))
    write_demonstrations(target, [made])
    return target


def damaged(world: World, array: str) -> str:
    """Write a dataset that lacks an array, and check it."""
    import shutil

    target = dataset(world)
    shutil.rmtree(target / array)
    return world.run("dataset", "check", str(target))


def weights(world: World, spoil: Callable[[Path], None]) -> str:
    """Copy the packaged weights, spoil them, and generate."""
    import shutil

    target = Path(world.path("weights"))
    shutil.copytree(find_weights("nano"), target)
    spoil(target)
    return demo(world, "--weights", str(target))


def truncate(path: Path, keep: int) -> None:
    """Keep the first bytes of a file."""
    path.write_bytes(path.read_bytes()[:keep])


def reshaped(path: Path) -> None:
    """Let a configuration say another shape than the weights have."""
    config = json.loads(path.read_text())
    path.write_text(json.dumps({**config, "latent_channels": 8}))


@functools.cache
def pipeline() -> Any:
    """Return the packaged pipeline, loaded once."""
    from ivg.pipeline import InstructionalVideoPipeline

    return InstructionalVideoPipeline.from_pretrained("nano")


@functools.cache
def hands() -> Any:
    """Return a detector, made once."""
    from ivg.hands import MediaPipeHands

    return MediaPipeHands()


def kitchen(**options: Any) -> object:
    """Make the kitchen."""
    import gymnasium

    return gymnasium.make("ivg.envs:ivg/Kitchen-v0", **options)


def planned(joints: Any, **options: Any) -> object:
    """Plan a gripper."""
    from ivg.policy import plan_gripper

    return plan_gripper(joints, **options)


def nan_depth(world: World) -> str:
    """Extract with a depth picture of another kind."""
    np.save(world.path("depth.npy"), np.array(["a", "b"]))
    camera = {"K": np.eye(3).tolist(), "T_world_camera": np.eye(4).tolist(), "width": 64, "height": 64}
    return world.run(
        "policy",
        "extract",
        video(world, "clip.mp4", 8),
        *("--camera", world.path("camera.json", json.dumps(camera)), "--lifter", "pnp"),
        *("--depth", world.path("depth.npy"), "--out", world.path("out")),
    )


def captions(world: World, value: object) -> str:
    """Annotate a list of captions."""
    return annotate(world, "--captions", world.path("captions.json", json.dumps(value)))


EPIC = "narration_id,participant_id,video_id,start_timestamp,stop_timestamp,narration\n"

CASES = [
    # pictures
    Case("image", "missing", lambda w: demo(w, "--image", w.path("no.png")), r"no\.png"),
    Case("image", "a folder", lambda w: demo(w, "--image", str(w.folder)), r"cannot read image"),
    Case("image", "empty file", lambda w: demo(w, "--image", w.path("a.png", b"")), r"a\.png.*no known format"),
    Case("image", "text named .png", lambda w: demo(w, "--image", w.path("a.png", "hello")), r"a\.png.*no known format"),
    Case("image", "truncated", lambda w: demo(w, "--image", picture(w, "a.png", (200, 200, 3), 0.3)), r"a\.png"),
    Case("image", "1 x 1", lambda w: demo(w, "--image", picture(w, "a.png", (1, 1, 3))), r"1 x 1.*at least 64"),
    Case("image", "60,000 x 60,000", lambda w: demo(w, "--image", w.path("a.png", png(60000, 60000))), r"a\.png"),
    Case("frame", "grey", lambda w: w.call(lambda: pipeline()(FRAME[..., 0], "stir")), r"\(h, w, 3\).*\(64, 64\)"),
    Case("frame", "float", lambda w: w.call(lambda: pipeline()(FRAME / 255, "stir")), r"uint8.*float64"),
    Case("frame", "NaN", lambda w: w.call(lambda: pipeline()(FRAME * np.nan, "stir")), r"uint8"),
    Case("frame", "8 x 8", lambda w: w.call(lambda: pipeline()(FRAME[:8, :8], "stir")), r"16 x 16.*8 x 8"),
    Case("frame", "a list", lambda w: w.call(lambda: pipeline()([[1]], "stir")), r"numpy array or a PIL image, got list"),
    # videos
    Case("video", "missing", lambda w: annotate(w, w.path("no.mp4")), r"no\.mp4"),
    Case("video", "empty file", lambda w: annotate(w, w.path("a.mp4", b"")), r"a\.mp4"),
    Case("video", "text named .mp4", lambda w: annotate(w, w.path("a.mp4", "hello" * 99)), r"a\.mp4"),
    Case("video", "sound only", lambda w: annotate(w, audio(w)), r"sound\.wav.*it has no image"),
    Case("video", "its head only", lambda w: annotate(w, video(w, "a.mp4", 16, 0.2)), r"a\.mp4"),
    Case("video", "start after its end", lambda w: annotate(w, video(w, "a.mp4", 8), "--start", "9"), r"9"),
    Case("video", "times reversed", lambda w: annotate(w, video(w, "a.mp4", 8), "--start", "2", "--end", "1"), r"start < end"),
    Case("video", "negative frames", lambda w: annotate(w, video(w, "a.mp4", 8), "--frames", "-1"), r"positive, got -1"),
    Case("video", "no frames", lambda w: w.call(lambda: hands()(FRAME[:0][None])), r"frames must be uint8"),
    Case("video", "float frames", lambda w: w.call(lambda: hands()(FRAME[None] / 255)), r"uint8.*float64"),
    Case("video", "extract: missing", lambda w: w.run("policy", "extract", w.path("no.mp4"), "--out", w.path("out")), r"no\.mp4"),
    # texts
    Case("text", "empty", lambda w: demo(w, task=""), r"must say what to do"),
    Case("text", "blanks", lambda w: demo(w, task="  \t "), r"must say what to do"),
    Case("text", "control characters", lambda w: demo(w, task="cut\x00\x1b[2J"), r"control characters, got '\\x00'"),
    Case("text", "10,000 characters", lambda w: demo(w, task="x" * 10_000), r"at most 1000 characters, got 10000"),
    Case("text", "emoji for the kitchen", lambda w: demo(w, task="\U0001f525\U0001f52a"), r"must contain a word.*cut_carrot"),
    Case("text", "another script for the kitchen", lambda w: demo(w, task="切胡萝卜"), r"must contain a word.*cut_carrot"),
    Case("text", "no string", lambda w: w.call(lambda: pipeline()(FRAME, 7)), r"string, got int"),
    # annotation files
    Case("annotation", "CSV without columns", lambda w: annotate(w, "--epic", w.path("a.csv", "a,b\n1,2\n")), r"lacks the column.*a, b"),
    Case("annotation", "CSV in UTF-16", lambda w: annotate(w, "--epic", w.path("a.csv", EPIC.encode("utf-16"))), r"UTF-8"),
    Case("annotation", "no JSON", lambda w: annotate(w, "--ego4d", w.path("a.json", "{")), r"no JSON"),
    Case("annotation", "JSON of another kind", lambda w: annotate(w, "--ego4d", w.path("a.json", '{"a": 1}')), r"a\.json"),
    Case("annotation", "captions: no list", lambda w: captions(w, {"caption": "x"}), r"list of objects"),
    Case("annotation", "folder without videos", lambda w: annotate(w, "--folder", str(w.folder)), r"holds no video"),
    Case("annotation", "folder that is a file", lambda w: annotate(w, "--folder", w.path("a", "")), r"no folder"),
    Case("annotation", "two sources", lambda w: annotate(w, "--folder", str(w.folder), "--epic", "a.csv"), r"exactly one of"),
    # configurations
    Case("configuration", "unknown key", lambda w: train(w, "train.mintues=3"), r"mintues"),
    Case("configuration", "wrong type", lambda w: train(w, "train.minutes=soon"), r"minutes|soon"),
    Case("configuration", "negative steps", lambda w: train(w, "train.steps=-1"), r"positive.*-1"),
    Case("configuration", "unknown stage", lambda w: train(w, "train=regoin"), r"regoin"),
    Case("configuration", "unknown precision", lambda w: train(w, "train.precision=fp8"), r"fp8.*bf16"),
    Case("configuration", "no clips", lambda w: train(w, f"autoencoder={find_weights('nano')}"), r"clips.*ivg-dataset"),
    Case("options", "no steps", lambda w: demo(w, "--steps", "0"), r"steps.*0"),
    Case("options", "steps of letters", lambda w: demo(w, "--steps", "many"), r"invalid int value: 'many'"),
    Case("options", "unknown option", lambda w: demo(w, "--stepz", "3"), r"--stepz"),
    Case("options", "negative episodes", lambda w: w.run("dataset", "generate", "--episodes", "-3", "--out", w.path("d.zarr")), r"-3"),
    Case("options", "unknown task", lambda w: w.run("dataset", "generate", "--episodes", "1", "--tasks", "cut_carot", "--out", w.path("d.zarr")), r"cut_carot.*did you mean 'cut_carrot'"),
    Case("options", "no workers", lambda w: w.run("dataset", "generate", "--episodes", "1", "--workers", "0", "--out", w.path("d.zarr")), r"workers.*0"),
    Case("options", "quality beyond 100", lambda w: w.run("view", str(dataset(w)), "--quality", "101"), r"101"),
    Case("options", "unknown source", lambda w: w.run("policy", "execute", "--sources", "pth", "--out", w.path("out")), r"pth.*did you mean 'path'"),
    Case("options", "scenes", lambda w: w.run("eval", "--scenes", "0"), r"scenes must be positive, got 0"),
    Case("options", "rows of the ablation", lambda w: w.run("ablate", "--store", w.path("clips"), "--out", w.path("out"), "--steps", "1", "--rows", "9"), r"9"),
    # datasets
    Case("dataset", "missing", lambda w: w.run("dataset", "info", w.path("no.zarr")), r"no\.zarr"),
    Case("dataset", "an empty folder", lambda w: w.run("dataset", "info", str(Path(w.path("a.zarr/x", "")).parent)), r"a\.zarr"),
    Case("dataset", "no zip", lambda w: w.run("dataset", "check", w.path("a.zarr.zip", "hello")), r"a\.zarr\.zip"),
    Case("dataset", "without an array", lambda w: damaged(w, "data/image"), r"data/image"),
    Case("dataset", "without its ends", lambda w: damaged(w, "meta/episode_ends"), r"episode_ends"),
    Case("dataset", "of another kind", lambda w: w.run("dataset", "export", str(dataset(w)), "--format", "lerobot", "--out", w.path("out")), r"demonstrations|episodes"),
    Case("dataset", "import: missing", lambda w: w.run("dataset", "import", w.path("no"), "--format", "lerobot", "--out", w.path("d.zarr")), r"no"),
    Case("dataset", "import: no HDF5", lambda w: w.run("dataset", "import", w.path("a.hdf5", "hello"), "--format", "robomimic", "--out", w.path("d.zarr")), r"a\.hdf5"),
    Case("dataset", "page that stands there", lambda w: w.run("view", str(dataset(w)), "--out", w.path("p.html", "kept")), r"p\.html.*exists already.*overwrite"),
    Case("dataset", "store: missing", lambda w: w.run("policy", "evaluate-lifter", "--store", w.path("clips")), r"clips"),
    # weights
    Case("weights", "unknown name", lambda w: demo(w, "--weights", "nanno"), r"no weights 'nanno'.*'nano'"),
    Case("weights", "an empty folder", lambda w: demo(w, "--weights", str(w.folder)), r"scheduler"),
    Case("weights", "without a network", lambda w: weights(w, lambda p: (p / "denoiser" / "config.json").unlink()), r"denoiser.*config\.json is missing"),
    Case("weights", "truncated", lambda w: weights(w, lambda p: truncate(p / "denoiser" / "diffusion_pytorch_model.safetensors", 5000)), r"denoiser"),
    Case("weights", "wrong shape", lambda w: weights(w, lambda p: reshaped(p / "denoiser" / "config.json")), r"denoiser.*size mismatch"),
    Case("weights", "of a class that is not ours", lambda w: weights(w, lambda p: (p / "denoiser" / "config.json").write_text('{"_class_name": "os.system"}')), r"os\.system"),
    Case("weights", "policy: missing", lambda w: w.run("policy", "evaluate", "--policy", w.path("no"), "--out", w.path("out")), r"no"),
    # devices, environments, cameras, joints
    Case("device", "not there", lambda w: demo(w, "--device", "cuda:7"), r"cuda:7.*there is cpu"),
    Case("device", "unknown", lambda w: demo(w, "--device", "gpu"), r"gpu.*there is cpu"),
    Case("environment", "unknown", lambda w: demo(w, "--env", "kitchn"), r"kitchn.*did you mean 'kitchen'"),
    Case("environment", "without a camera", lambda w: demo(w, "--env", "CartPole-v1"), r"CartPole"),
    Case("environment", "a task of no words", lambda w: w.call(lambda: kitchen(task="!?").reset(seed=0)), r"must contain a word.*cut_carrot"),
    Case("environment", "no horizon", lambda w: w.call(lambda: kitchen(horizon=0)), r"horizon.*0"),
    Case("environment", "camera of no size", lambda w: w.call(lambda: kitchen(camera_size=0)), r"camera_size.*0"),
    Case("camera", "without a key", lambda w: w.run("policy", "extract", video(w, "a.mp4", 8), "--camera", w.path("c.json", "{}"), "--out", w.path("out")), r"must hold K"),
    Case("camera", "no JSON", lambda w: w.run("policy", "extract", video(w, "a.mp4", 8), "--camera", w.path("c.json", "{"), "--out", w.path("out")), r"c\.json"),
    Case("depth", "text", nan_depth, r"depth"),
    Case("joints", "NaN everywhere", lambda w: w.call(lambda: planned(np.full((16, 21, 3), np.nan))), r"no frame has a hand"),
    Case("joints", "20 of them", lambda w: w.call(lambda: planned(np.zeros((16, 20, 3)))), r"\(t, 21, 3\).*\(16, 20, 3\)"),
    Case("joints", "no number for the depth", lambda w: w.call(lambda: planned(np.zeros((16, 21, 3)), deeper_m=np.nan)), r"finite, got nan"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.group}: {case.what}")
def test_bad_input_is_one_clear_error(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
) -> None:
    import re

    monkeypatch.chdir(tmp_path)
    said = case.do(World(tmp_path))
    record_property("said", said)
    assert re.search(case.says, said, re.DOTALL), said


def test_there_are_enough_cases_and_no_two_alike() -> None:
    names = [(case.group, case.what) for case in CASES]
    assert len(set(names)) == len(names) >= 60


def test_the_page_lists_them() -> None:
    groups: dict[str, list[str]] = {}
    for case in CASES:
        groups.setdefault(case.group, []).append(case.what)
    lines = ["| bad input | cases |", "|---|---|", *(f"| {group} | {'; '.join(of)} |" for group, of in groups.items())]
    table = "\n".join(lines)
    if os.environ.get("IVG_WRITE_DOCS"):
        insert_table(table, PAGE, "bad input")
    assert table in PAGE.read_text()
