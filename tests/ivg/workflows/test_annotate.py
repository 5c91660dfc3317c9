"""``ivg-dataset annotate``: from videos that lie in a folder to a clip store, and on to training."""

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ivg.cli.dataset import main
from ivg.data.clip_filter import ClipFilter
from ivg.data.clip_store import ClipStore
from ivg.framing import Framing
from ivg.io.video import write_video
from ivg.training.run import Run, train_stage
from ivg.training.settings import AutoencoderConfig, ClipConfig, DataConfig, ModelConfig, RegionConfig
from ivg.types import HandTracks
from ivg.workflows.clips.annotate_dataset import SKIPPED_FILE, read_dataset
from ivg.workflows.clips.annotate_segments import framed_keypoints, segment_record

SIZE = 64
Write = Callable[..., Path]


@pytest.fixture(scope="module")
def videos(demonstrator_128: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of filmed hands (rendered, 128 x 192 px, 8 fps, 2 s), and of what no clip can be made of."""
    folder = tmp_path_factory.mktemp("videos")
    for seed, (task, name) in enumerate(
        [("wipe_counter", "wipe_the_counter"), ("cut_carrot", "cut_the_carrot"), ("stir_pot", "stir_the_pot")]
    ):
        frames = demonstrator_128.render(task, seed).frames
        write_video(folder / f"{name}.mp4", np.pad(frames, ((0, 0), (0, 0), (32, 32), (0, 0)), mode="edge"), 8)
    write_video(folder / "still.mp4", np.repeat(frames[:1], 16, 0), 8)
    (folder / "broken.mp4").write_bytes(b"no video at all")
    return folder


@pytest.fixture(scope="module")
def store(videos: Path, tmp_path_factory: pytest.TempPathFactory) -> ClipStore:
    path = tmp_path_factory.mktemp("stores") / "clips"
    arguments = ["annotate", "--folder", str(videos), "--out", str(path), "--size", str(SIZE), "--workers", "2"]
    assert main([*arguments, "--json", str(path.with_suffix(".json"))]) == 0
    return ClipStore.open(path)


def skipped(path: Path) -> dict[str, str]:
    return {row["name"]: row["reason"] for row in map(json.loads, (path / SKIPPED_FILE).read_text().splitlines())}


def test_a_folder_becomes_a_store(store: ClipStore) -> None:
    clips = [store.read(int(index)) for index in store.indices_done]
    assert sorted(clip.text for clip in clips) == ["cut the carrot", "stir the pot", "wipe the counter"]
    assert skipped(store.path) == {"broken.mp4": "unreadable", "still.mp4": "static"}
    for clip in clips:
        assert clip.frames.shape == (16, SIZE, SIZE, 3)
        assert clip.present.any()
        assert clip.labels is None, "real video has no ground truth"
        assert clip.info["video"] == clip.info["name"]
        assert clip.info["fps"] == pytest.approx(8, abs=0.01)
        assert clip.info["annotated"]
    report = json.loads(store.path.with_suffix(".json").read_text())
    assert report["clips"] == 3
    assert report["skipped"] == {"unreadable": 1, "static": 1}
    assert 0 < report["frames_with_hands"] <= 1
    assert (store.path / "grid.png").stat().st_size > 5000


def test_frames_are_fitted_without_distortion(store: ClipStore) -> None:
    rows, columns = Framing(128, 192, SIZE).window
    assert columns == slice(0, SIZE)
    frame = store.read(int(store.indices_done[0])).frames[0]
    assert (frame[: rows.start] == frame[rows.start]).all(), "the edge is drawn out into what is left over"


def test_keypoints_move_with_the_frame() -> None:
    corners = np.array([[0, 0], [1, 1], [0.5, 0.5], [np.nan, np.nan]], np.float32)
    moved = framed_keypoints(corners, Framing(50, 100, 64))
    np.testing.assert_allclose(moved[:3], [[0, 0.25], [1, 0.75], [0.5, 0.5]])
    assert np.isnan(moved[3]).all()


def test_keypoints_lie_on_the_hands(store: ClipStore) -> None:
    """Where joints are, the picture has changed: the hand was not in frame 0."""
    on_hand = []
    for index in store.indices_done:
        clip = store.read(int(index))
        change = np.abs(clip.frames.astype(int) - clip.frames[0]).max(-1)
        for frame, joints, there in zip(change, clip.keypoints, clip.present, strict=True):
            pixels = np.clip((joints[there].reshape(-1, 2) * SIZE).astype(int), 0, SIZE - 1)
            on_hand += (frame[pixels[:, 1], pixels[:, 0]] > 12).tolist()
    assert np.mean(on_hand) > 0.85


def test_two_steps_of_every_stage_train_on_it(store: ClipStore, tmp_path: Path) -> None:
    model = ModelConfig(
        autoencoder={
            "latent_channels": 4,
            "encoder_widths": [8, 8, 16],
            "decoder_widths": [8, 8, 16],
            "encoder_depth": 1,
            "decoder_depth": 1,
        },
        denoiser={
            "latent_channels": 4,
            "latent_size": SIZE // 8,
            "widths": [8, 16, 24],
            "embedding_width": 16,
            "heads": [1, 2, 2],
        },
    )
    quick = {"steps": 2, "precision": "no", "warmup_steps": 1, "batch_size": 2}
    data = DataConfig(path=str(store.path), cache=str(tmp_path / "cache"))
    codec = tmp_path / "autoencoder" / "weights"
    for name, config, more in (
        ("autoencoder", AutoencoderConfig(**quick, crop=32), {}),
        ("region", RegionConfig(**quick), {"autoencoder": codec}),
        ("clip", ClipConfig(**quick), {"autoencoder": codec, "start": tmp_path / "region" / "weights"}),
    ):
        train_stage(Run(train=config, model=model, data=data, output=tmp_path / name, device="cpu", **more))
        last = json.loads((tmp_path / name / "log.jsonl").read_text().splitlines()[-1])
        assert last["step"] == 2
        assert all(np.isfinite(value) for value in last["held_out"].values())


@pytest.mark.usefixtures("in_process")
def test_the_same_command_goes_on_and_does_nothing_twice(store: ClipStore, videos: Path, tmp_path: Path) -> None:
    path = tmp_path / "clips"
    shutil.copytree(store.path, path)
    stopped = ClipStore.open(path, mode="r+")
    first, second, third = (int(index) for index in stopped.indices_done)
    stopped.array("done")[second] = 0
    stopped.array("frames")[first] = 7
    stopped.array("frames")[third] = 7
    before = skipped(path)
    arguments = ["annotate", "--folder", str(videos), "--out", str(path), "--size", str(SIZE), "--workers", "1"]
    assert main(arguments) == 0
    after = ClipStore.open(path)
    assert after.indices_done.tolist() == store.indices_done.tolist()
    assert (after.read(first).frames == 7).all(), "what is done is left alone"
    np.testing.assert_array_equal(after.read(second).frames, store.read(second).frames)
    assert skipped(path) == before


@pytest.mark.usefixtures("in_process")
def test_what_was_skipped_is_tried_again_when_asked(
    store: ClipStore, videos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, repaired = tmp_path / "clips", tmp_path / "videos"
    shutil.copytree(store.path, path)
    shutil.copytree(videos, repaired)
    shutil.copy(videos / "cut_the_carrot.mp4", repaired / "broken.mp4")
    arguments = ["annotate", "--folder", str(repaired), "--out", str(path), "--size", str(SIZE), "--workers", "1"]
    assert main(arguments) == 0
    assert len(ClipStore.open(path).indices_done) == 3
    assert main([*arguments, "--retry"]) == 0
    assert len(ClipStore.open(path).indices_done) == 4
    assert skipped(path) == {"still.mp4": "static"}
    assert main([*arguments, "--min-motion", "0"]) == 2
    assert "begun with other segments or another filter" in capsys.readouterr().err


@pytest.fixture
def sources(videos: Path, tmp_path: Path) -> dict[str, list[str]]:
    """The same action, as each of the datasets would tell of it."""
    root = tmp_path / "data"
    (root / "P01" / "videos").mkdir(parents=True)
    shutil.copy(videos / "cut_the_carrot.mp4", root / "P01" / "videos" / "P01_01.MP4")
    shutil.copy(videos / "cut_the_carrot.mp4", root / "uid-1.mp4")
    row = {"video_id": "P01_01", "start_timestamp": "00:00:00.00", "stop_timestamp": "00:00:01.90"}
    with (root / "epic.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, [*row, "narration"])
        writer.writeheader()
        writer.writerow({**row, "narration": "cut the carrot"})
    action = {"uid": "a", "start_sec": 0.0, "end_sec": 1.9, "narration_text": "#C C cuts the carrot"}
    interval = {"annotated_intervals": [{"narrated_actions": [action]}], "video_uid": "uid-1"}
    (root / "fho_main.json").write_text(json.dumps({"videos": [interval]}))
    (root / "captions.json").write_text(json.dumps([{"caption": "cut the carrot", "video": "uid-1.mp4"}]))
    return {
        "epic-kitchens": ["--epic", str(root / "epic.csv")],
        "ego4d": ["--ego4d", str(root / "fho_main.json"), "--root", str(root)],
        "captions": ["--captions", str(root / "captions.json")],
    }


@pytest.mark.parametrize("name", ["epic-kitchens", "ego4d", "captions"])
def test_every_source_gives_the_same_clip(sources: dict[str, list[str]], store: ClipStore, name: str) -> None:
    option, annotation = sources[name][:2]
    reading, root = read_dataset(option.removeprefix("--"), Path(annotation))
    assert root == Path(annotation).parent
    assert reading.source == name
    (segment,) = reading.segments
    record = segment_record(segment, size=SIZE, frames=16, keep=ClipFilter(), detector=one_hand, source=name, video="v")
    (wanted,) = (store.read(i) for i, text in store.texts.items() if text == "cut the carrot")
    assert record.text == "cut the carrot"
    np.testing.assert_array_equal(record.frames, wanted.frames)


def one_hand(frames: np.ndarray) -> HandTracks:
    present = np.ones((len(frames), 2), bool)
    return HandTracks(np.full((len(frames), 2, 21, 2), 0.5, np.float32), present, present.astype(np.float32))


@pytest.mark.usefixtures("in_process")
def test_rows_are_skipped_and_a_dataset_is_annotated(sources: dict[str, list[str]], tmp_path: Path) -> None:
    table = Path(sources["epic-kitchens"][1])
    table.write_text(table.read_text() + "P01_01,00:00:09.00,00:00:11.00,cut again\nP09_09,1,2,cut\nP01_01,2,1,cut\n")
    path = tmp_path / "epic"
    assert main(["annotate", *sources["epic-kitchens"], "--out", str(path), "--size", "32", "--workers", "1"]) == 0
    assert ClipStore.open(path).texts == {0: "cut the carrot"}
    assert sorted(skipped(path).values()) == ["beyond the end", "no video", "times reversed"]


@pytest.mark.usefixtures("in_process")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give either video files or exactly one of --epic"),
        (["a.mp4", "--folder", "videos"], "give either video files or exactly one of"),
        (["--epic", "a.csv", "--ego4d", "b.json"], "give either video files or exactly one of"),
        (["--epic", "none.csv"], "cannot read 'none.csv'"),
        (["--ego4d", "bad.json"], "is no JSON"),
        (["--captions", "latin.json"], "must be UTF-8"),
        (["--captions", "gone.json"], "nothing to annotate: 1 no video"),
        (["--folder", "empty"], "holds no video"),
        (["--folder", "still", "--workers", "1"], "none of 1 segments gives a clip: 1 unreadable"),
        (["--folder", "still", "--start", "2"], "--start does not go with --folder"),
        (["--folder", "still", "--min-motion", "3"], "min_motion"),
        (["--folder", "still", "--size", "0"], "size must be positive"),
        (["--folder", "still", "--root", "x"], "root does not go with a folder of videos"),
        (["a.mp4", "--retry"], "--retry does not go with video files"),
        (["a.mp4", "--min-motion", "0"], "--min-motion does not go with video files"),
    ],
)
def test_wrong_requests(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.json").write_text("[")
    (tmp_path / "latin.json").write_bytes('[{"caption": "Möhre"}]'.encode("latin-1"))
    (tmp_path / "gone.json").write_text('[{"caption": "cut", "video": "gone.mp4"}]')
    (tmp_path / "empty").mkdir()
    (tmp_path / "still").mkdir()
    (tmp_path / "still" / "cut.mp4").write_text("no video")
    assert main(["annotate", *arguments, "--out", "store"]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.strip().splitlines()[-1].startswith("ivg-dataset: ")
    assert not (tmp_path / "store").exists(), "nothing half-written"


def test_texts_are_rewritten_and_given_back(store: ClipStore, tmp_path: Path) -> None:
    path = tmp_path / "clips"
    shutil.copytree(store.path, path)
    given = store.texts
    assert main(["rewrite", str(path), "--rewriter", "vocabulary"]) == 0
    rewritten = ClipStore.open(path)
    for index, text in rewritten.texts.items():
        assert text.startswith(f"{given[index]}: ")
        assert "hand" in text
        assert rewritten.info(index)["rewriter"]["name"] == "vocabulary"
    assert main(["rewrite", str(path), "--rewriter", "vocabulary"]) == 0
    assert ClipStore.open(path).texts == rewritten.texts
    assert main(["rewrite", str(path), "--rewriter", "none"]) == 0
    assert ClipStore.open(path).texts == given
