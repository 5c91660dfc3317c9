"""Ego4D: actions, anticipation labels and narrations, in the field names of its annotation schemas."""

import json
from pathlib import Path
from typing import Any

import pytest

from ivg.data.readers import Reading, read_ego4d
from ivg.data.readers.ego4d import instruction
from ivg.errors import InputError

UID = "001e3e4e-2743-47fc-8564-d5efd11f9e90"
ACTION = {
    "uid": "a-1",
    "start_sec": 10.0,
    "end_sec": 18.0,
    "clip_start_sec": 2.0,
    "clip_end_sec": 10.0,
    "narration_text": "#C C picks up a cup",
    "structured_verb": "take_(pick,_grab,_get)",
    "is_rejected": False,
    "is_valid_action": True,
}


def read(root: Path, content: Any) -> Reading:
    (root / "annotation.json").write_text(json.dumps(content))
    return read_ego4d(root / "annotation.json", root)


def main_file(*actions: dict[str, Any]) -> dict[str, Any]:
    interval = {"clip_uid": "clip-1", "start_sec": 8.0, "narrated_actions": list(actions)}
    return {"version": "2.0", "videos": [{"video_uid": UID, "annotated_intervals": [interval]}]}


def video(root: Path, name: str) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


@pytest.mark.parametrize("place", [f"{UID}.mp4", f"v2/full_scale/{UID}.mp4", f"video_540ss/{UID}.mp4"])
def test_an_action_of_a_whole_video(tmp_path: Path, place: str) -> None:
    path = video(tmp_path, place)
    (segment,) = read(tmp_path, main_file(ACTION)).segments
    assert (segment.name, segment.text, segment.task, segment.video) == ("a-1", "pick up a cup", "take", path)
    assert (segment.start_s, segment.end_s) == (10, 18)
    assert segment.info["narration"] == "#C C picks up a cup"


def test_an_action_of_a_cut_out_clip_has_the_clips_times(tmp_path: Path) -> None:
    path = video(tmp_path, "v2/clips/clip-1.mp4")
    (segment,) = read(tmp_path, main_file(ACTION)).segments
    assert (segment.video, segment.start_s, segment.end_s) == (path, 2, 10)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"is_rejected": True}, "rejected by its annotators"),
        ({"is_valid_action": False}, "rejected by its annotators"),
        ({"narration_text": "#O A man X walks"}, "another person acts"),
        ({"narration_text": "#C C picks #unsure"}, "narrator unsure"),
        ({"narration_text": None}, "no text"),
        ({"end_sec": 9.0}, "times reversed"),
        ({"end_sec": None}, "bad time"),
        ({"start_sec": "ten"}, "bad time"),
        ({"start_sec": float("nan")}, "bad time"),
        ({"uid": "a-1"}, "duplicate id"),
    ],
)
def test_a_bad_action_is_skipped_with_its_reason(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    video(tmp_path, f"{UID}.mp4")
    reading = read(tmp_path, main_file(ACTION, {**ACTION, "uid": "a-2", **change}))
    assert [segment.name for segment in reading.segments] == ["a-1"]
    assert reading.reasons == {reason: 1}


def test_a_video_that_is_not_there_is_named(tmp_path: Path) -> None:
    (skipped,) = read(tmp_path, main_file(ACTION)).skipped
    assert skipped.reason == "no video"
    assert UID in skipped.detail
    assert "clip-1" in skipped.detail


def test_anticipation_labels_become_text(tmp_path: Path) -> None:
    video(tmp_path, f"{UID}.mp4")
    clip = {
        "video_uid": UID,
        "clip_uid": "clip-1",
        "clip_parent_start_sec": 100.0,
        "action_clip_start_sec": 2.0,
        "action_clip_end_sec": 5.0,
        "verb": "cut_(trim,_slice,_chop)",
        "noun": "carrot",
        "action_idx": 3,
    }
    (segment,) = read(tmp_path, {"clips": [clip]}).segments
    assert (segment.text, segment.start_s, segment.end_s) == ("cut carrot", 102, 105)


def narration(time: float, text: str) -> dict[str, Any]:
    return {"timestamp_sec": time, "timestamp_frame": int(30 * time), "narration_text": text, "annotation_uid": "u"}


@pytest.mark.parametrize("wrapped", [False, True])
def test_narrations_get_spans_by_their_density(tmp_path: Path, wrapped: bool) -> None:
    video(tmp_path, "dense.mp4")
    video(tmp_path, "sparse.mp4")
    tracks = {uid: [narration(gap * n, "#C C cuts a carrot") for n in (1, 2, 3)] for uid, gap in DENSITY.items()}
    videos = {uid: {"narration_pass_1": {"narrations": track, "summaries": []}} for uid, track in tracks.items()}
    reading = read(tmp_path, {"videos": videos} if wrapped else videos)
    spans = {segment.video.stem: (segment.start_s, segment.end_s) for segment in reading.segments[1::3]}
    # mean gap over videos 4 s: the dense one's clips last 2/4 s, the sparse one's 6/4 s, the moment in the middle
    assert spans == {"dense": (pytest.approx(3.75), pytest.approx(4.25)), "sparse": (11.25, 12.75)}


DENSITY = {"dense": 2.0, "sparse": 6.0}


def test_a_lone_narration_has_the_usual_span(tmp_path: Path) -> None:
    video(tmp_path, "v.mp4")
    content = {"v": {"narration_pass_1": {"narrations": [narration(0.2, "#C C stirs soup.")]}, "status": "complete"}}
    (segment,) = read(tmp_path, content).segments
    assert (segment.start_s, segment.end_s, segment.text) == (0, pytest.approx(0.7), "stir soup")


@pytest.mark.parametrize("content", [[], {}, {"videos": []}, {"videos": [{"video_uid": "x"}]}, {"verbs": ["cut"]}, 3])
def test_another_file_is_refused(tmp_path: Path, content: Any) -> None:
    with pytest.raises(InputError, match=r"none of Ego4D's fho_main\.json"):
        read(tmp_path, content)


def test_what_is_no_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(InputError, match="is no JSON"):
        read_ego4d(tmp_path / "a.json", tmp_path)


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("#C C washes the pot.", "wash the pot"),
        ("#C carries a plate", "carry a plate"),
        ("#c c moves a knife", "move a knife"),
        ("#C C ties a bag", "tie a bag"),
        ("#C C slices bread", "slice bread"),
        ("#C C presses a button", "press a button"),
        ("stir the pot", "stir the pot"),
    ],
)
def test_narrations_become_instructions(said: str, written: str) -> None:
    assert instruction(said) == (written, "")
