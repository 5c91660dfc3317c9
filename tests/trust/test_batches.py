"""One bad item among good ones: it is skipped and listed with its reason, the others are done, and the exit code tells.

Elsewhere: attempts and rollouts that crash (tests/ivg/workflows/test_generate.py, test_execute.py), rows of annotations
(tests/ivg/data/readers, tests/ivg/workflows/test_annotate.py), damaged episodes
(tests/policy/datasets/store/test_checking.py).
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ivg.cli.dataset import main
from ivg.data.clip_filter import ClipFilter
from ivg.data.clip_record import INFO_BYTES, ClipRecord
from ivg.data.clip_store import ClipStore
from ivg.io.video import write_video
from ivg.jobs import CRASHED, Processes
from ivg.types import HandTracks
from ivg.workflows.clips.annotate_dataset import SKIPPED_FILE


def one_hand(frames: Any) -> HandTracks:
    """Find a hand in every frame, as no detector does."""
    present = np.ones((len(frames), 2), bool)
    return HandTracks(np.full((len(frames), 2, 21, 2), 0.5, np.float32), present, present.astype(np.float32))


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    """A folder with videos of 2 s: two good ones, one that is text, and one that is cut off."""
    folder = tmp_path / "videos"
    folder.mkdir()
    frames = np.random.default_rng(0).integers(0, 256, (16, 64, 64, 3), np.uint8)
    for name in ("cut_carrot", "stir_pot"):
        write_video(folder / f"{name}.mp4", frames, 8)
    (folder / "text.mp4").write_text("hello " * 99)
    (folder / "head.mp4").write_bytes((folder / "stir_pot.mp4").read_bytes()[:900])
    return folder


def produced(folder: Path) -> list[str]:
    """Return the names of the files of a folder, if there is one."""
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


# Video files


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Finds hands without MediaPipe."""
    from ivg import region

    monkeypatch.setattr(region, "annotate_video", partial(region.annotate_video, detector=one_hand))


@pytest.mark.usefixtures("quick")
def test_videos_that_cannot_be_annotated_are_listed_and_the_others_are_annotated(
    videos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [str(videos / f"{name}.mp4") for name in ("gone", "cut_carrot", "text", "head", "stir_pot")]
    report = tmp_path / "report.json"
    assert main(["annotate", *given, "--out", str(tmp_path / "out"), "--frames", "4", "--json", str(report)]) == 2
    assert produced(tmp_path / "out") == ["cut_carrot.npz", "cut_carrot.png", "stir_pot.npz", "stir_pot.png"]
    told = capsys.readouterr()
    assert "3 of 5 videos skipped" in told.err
    assert [name in told.err for name in ("gone", "text", "head", "cut_carrot", "stir_pot")] == [True] * 3 + [False] * 2
    figures = json.loads(report.read_text())
    assert list(figures) == given
    assert ["skipped" in figures[name] for name in given] == [True, False, True, True, False]


@pytest.mark.usefixtures("quick")
def test_a_time_that_one_video_does_not_have_leaves_out_that_video(
    videos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frames = np.random.default_rng(1).integers(0, 256, (40, 64, 64, 3), np.uint8)
    write_video(videos / "long.mp4", frames, 8)
    given = [str(videos / "cut_carrot.mp4"), str(videos / "long.mp4")]
    assert main(["annotate", *given, "--out", str(tmp_path / "out"), "--frames", "2", "--start", "3"]) == 2
    assert produced(tmp_path / "out") == ["long.npz", "long.png"]
    assert "no frame from 3.0 s" in capsys.readouterr().err


@pytest.mark.usefixtures("quick")
def test_two_videos_of_one_name_are_refused_before_either_is_annotated(
    videos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (videos / "more").mkdir()
    twin = videos / "more" / "cut_carrot.mp4"
    twin.write_bytes((videos / "stir_pot.mp4").read_bytes())
    assert main(["annotate", str(videos / "cut_carrot.mp4"), str(twin), "--out", str(tmp_path / "out")]) == 2
    assert "would both become cut_carrot.npz" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("quick")
def test_all_good_is_no_error(videos: Path, tmp_path: Path) -> None:
    given = [str(videos / "cut_carrot.mp4"), str(videos / "stir_pot.mp4")]
    assert main(["annotate", *given, "--out", str(tmp_path / "out"), "--frames", "2"]) == 0


# Datasets of video


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Annotates segments in this process, without MediaPipe; a video called `killer` takes its process down."""

    def run(self: Any, make_worker: Callable[[], Any], jobs: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        worker = make_worker()
        for index, job in enumerate(jobs):
            yield index, CRASHED if job.segment.video.stem == "killer" else worker(job)

    monkeypatch.setattr("ivg.hands.MediaPipeHands", lambda: one_hand)
    monkeypatch.setattr(Processes, "run", run)


def annotated(tmp_path: Path, *source: str) -> tuple[int, dict[str, str]]:
    """Annotate a dataset; return the exit code, and the reasons for what was skipped."""
    options = [f"--{name.replace('_', '-')}=0" for name in vars(ClipFilter())]  # take all
    code = main(["annotate", *source, "--out", str(tmp_path / "clips"), "--frames", "4", "--size", "16", *options])
    lines = (tmp_path / "clips" / SKIPPED_FILE).read_text().splitlines() if code == 0 else []
    return code, {row["name"]: row["reason"] for row in map(json.loads, lines)}


@pytest.mark.usefixtures("here")
def test_a_list_of_captions_is_annotated_but_for_what_is_wrong_in_it(
    videos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (videos / "killer.mp4").write_bytes((videos / "stir_pot.mp4").read_bytes())
    names = [
        "cut_carrot.mp4",
        "gone.mp4",
        "text.mp4",
        "../secret.mp4",
        f"{'x' * 300}.mp4",
        "killer.mp4",
        "stir_pot.mp4",
    ]
    rows = [{"caption": f"do {place}", "video": name} for place, name in enumerate(names)]
    odd = [7, {"video": "cut_carrot.mp4"}, {"caption": "!", "video": "cut_carrot.mp4"}, {"caption": "cut"}]
    (videos / "captions.json").write_text(json.dumps([*rows, *odd]))
    code, skipped = annotated(tmp_path, "--captions", str(videos / "captions.json"))
    assert code == 0
    assert sorted(ClipStore.open(tmp_path / "clips").texts.values()) == ["do 0", "do 6"]
    expected = {"no video": 4, "unreadable": 2, "outside its folder": 1, "no text": 2}
    assert Counter(skipped.values()) == expected
    assert skipped["killer.mp4: do 5"] == "unreadable"
    told = capsys.readouterr().out
    for reason, count in expected.items():
        assert re.search(rf"{count}\s+{reason}", told)


@pytest.mark.usefixtures("here")
def test_actions_with_bad_times_are_left_out(videos: Path, tmp_path: Path) -> None:
    times = {"good": (0.2, 1.8), "reversed": (1.8, 0.2), "late": (9, 11), "none": (None, 1), "huge": (0, 10**400)}
    actions = [
        {"uid": uid, "narration_text": "#C C cuts a carrot", "start_sec": start, "end_sec": end}
        for uid, (start, end) in times.items()
    ]
    video = {"video_uid": "cut_carrot", "annotated_intervals": [{"narrated_actions": actions}]}
    (videos / "fho_main.json").write_text(json.dumps({"videos": [video]}))
    code, skipped = annotated(tmp_path, "--ego4d", str(videos / "fho_main.json"))
    assert code == 0
    reasons = {"reversed": "times reversed", "late": "beyond the end", "none": "bad time", "huge": "bad time"}
    assert skipped == reasons
    assert list(ClipStore.open(tmp_path / "clips").texts.values()) == ["cut a carrot"]


@pytest.mark.usefixtures("here")
def test_a_name_that_is_no_text_is_a_name_like_any_other(
    videos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """File names are bytes: those of another encoding, or broken ones in JSON, cannot be printed as they are."""
    try:
        (Path(os.fsdecode(os.fsencode(videos) + b"/caf\xe9.mp4"))).write_text("no video")
    except OSError:
        pytest.skip("this file system takes names of UTF-8 only")
    printed = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(printed, encoding="utf-8", errors="strict"))
    code, skipped = annotated(tmp_path, "--folder", str(videos))
    sys.stdout.flush()
    assert code == 0
    assert "caf\\udce9.mp4" in printed.getvalue().decode()
    assert skipped["caf\udce9.mp4"] == "unreadable"
    assert len(ClipStore.open(tmp_path / "clips").texts) == 2


@pytest.mark.usefixtures("here")
def test_if_nothing_is_good_that_is_an_error_and_nothing_is_left(videos: Path, tmp_path: Path) -> None:
    for name in ("cut_carrot", "stir_pot"):
        (videos / f"{name}.mp4").write_text("no video either")
    code, _ = annotated(tmp_path, "--folder", str(videos))
    assert code == 2
    assert not (tmp_path / "clips").exists()


# Texts of a store


def test_a_text_that_does_not_fit_once_rewritten_stays_and_the_others_are_rewritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = ClipStore.create(tmp_path / "clips", count=3, size=8, fps=8, source="made up", frames=2)
    frames, absent = np.zeros((2, 8, 8, 3), np.uint8), np.full((2, 2, 21, 2), np.nan, np.float32)
    long = "cut the carrot " + "x" * (INFO_BYTES // 2)  # kept twice, once as it was given
    for place, text in enumerate(("cut the carrot", long, "stir the pot")):
        record = ClipRecord(frames, absent, np.zeros((2, 2), bool), np.zeros((2, 2), np.float32), {"text": text})
        store.write(place, record)
    for _ in range(2):
        assert main(["rewrite", str(tmp_path / "clips"), "--rewriter", "vocabulary"]) == 2
        told = capsys.readouterr().err
        assert "1 of 3 texts stay as they were" in told
        assert "info of clip 1" in told
        infos = ClipStore.open(tmp_path / "clips").infos
        assert infos[1] == {"text": long}
        assert [infos[place]["given_text"] for place in (0, 2)] == ["cut the carrot", "stir the pot"]
        assert all("hand" in infos[place]["text"] for place in (0, 2))


# Folders that cannot be


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("dataset", ["annotate", "a.mp4"]),
        ("dataset", ["annotate", "--folder", "videos"]),
        ("dataset", ["render", "--clips", "1"]),
        ("policy", ["extract", "a.mp4"]),
        ("policy", ["execute", "--episodes", "1", "--sources", "path", "--tasks", "push_plate"]),
    ],
)
@pytest.mark.parametrize("out", ["taken", "taken/below"])
def test_a_file_in_the_place_of_the_folder_is_told_before_anything_is_done(
    command: str,
    arguments: list[str],
    out: str,
    videos: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from importlib import import_module

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Processes, "run", lambda *_: pytest.fail("work was begun"))
    (tmp_path / "taken").write_text("kept")
    (tmp_path / "a.mp4").write_bytes((videos / "stir_pot.mp4").read_bytes())
    assert import_module(f"ivg.cli.{command}").main([*arguments, "--out", out]) == 2
    assert "taken' is a file" in capsys.readouterr().err
    assert (tmp_path / "taken").read_text() == "kept"
