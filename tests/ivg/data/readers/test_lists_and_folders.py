"""The caption list of the paper's release, and a folder of videos."""

import json
from pathlib import Path
from typing import Any

import pytest

from ivg.data.readers import Reading, read_caption_list, read_video_folder
from ivg.data.readers.plain import sentence_of_name
from ivg.errors import InputError


def captions(root: Path, content: Any) -> Reading:
    (root / "list.json").write_text(json.dumps(content))
    return read_caption_list(root / "list.json", root)


def test_a_caption_list(tmp_path: Path) -> None:
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "a.mp4").touch()
    rows = [
        {"caption": "Cut the\ncarrot", "video": "videos/a.mp4"},
        {"caption": "slice the carrot", "video": str(tmp_path / "videos" / "a.mp4")},
    ]
    first, second = captions(tmp_path, rows).segments
    assert (first.text, first.task, first.video) == ("Cut the carrot", "cut", tmp_path / "videos" / "a.mp4")
    assert first.end_s is None
    assert second.video == first.video


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"caption": "cut", "video": "../secret.mp4"}, "outside its folder"),
        ({"caption": "cut", "video": "a/../../secret.mp4"}, "outside its folder"),
        ({"caption": "cut", "video": "/etc/passwd"}, "outside its folder"),
        ({"caption": "cut", "video": "a\0.mp4"}, "outside its folder"),
        ({"caption": "cut", "video": "b.mp4"}, "no video"),
        ({"caption": "cut", "video": None}, "no video"),
        ({"caption": "cut"}, "no video"),
        ("cut", "no video"),
        ({"caption": "", "video": "a.mp4"}, "no text"),
        ({"caption": 7, "video": "a.mp4"}, "no text"),
        ({"caption": "x" * 2000, "video": "a.mp4"}, "text too long"),
        ({"caption": "good", "video": "a.mp4"}, "duplicate id"),
    ],
)
def test_a_bad_caption_is_skipped_with_its_reason(tmp_path: Path, row: Any, reason: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret.mp4").touch()
    (root / "a.mp4").touch()
    reading = captions(root, [{"caption": "good", "video": "a.mp4"}, row])
    assert len(reading.segments) == 1
    assert reading.reasons == {reason: 1}


@pytest.mark.parametrize("content", [{}, [], ["a.mp4"], [{"text": "cut", "video": "a.mp4"}]])
def test_what_is_no_caption_list_is_refused(tmp_path: Path, content: Any) -> None:
    with pytest.raises(InputError, match="must be a list of objects with the keys caption and video"):
        captions(tmp_path, content)


def test_a_folder_of_videos(tmp_path: Path) -> None:
    for name in ("b/Stir_the-pot 02.MKV", "a.mp4", ".hidden.mp4", "notes.pdf", "7.mov", "c.webm"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "a.txt").write_text("open the drawer\n")
    (tmp_path / "c.txt").write_bytes(b"schneide die M\xf6hre")
    reading = read_video_folder(tmp_path)
    assert {segment.name: segment.text for segment in reading.segments} == {
        "a.mp4": "open the drawer",
        "b/Stir_the-pot 02.MKV": "stir the pot",
    }
    assert reading.reasons == {"no text": 1, "unreadable text": 1}


def test_a_folder_without_videos_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no video"):
        read_video_folder(tmp_path)
    with pytest.raises(InputError, match="is no folder"):
        read_video_folder(tmp_path / "none")


@pytest.mark.parametrize(
    ("stem", "sentence"),
    [
        ("cut_the_carrot-02", "cut the carrot"),
        ("Pour 2 cups (3)", "pour 2 cups"),
        ("stir.pot", "stir pot"),
        ("01", "01"),
    ],
)
def test_file_names_are_sentences(stem: str, sentence: str) -> None:
    assert sentence_of_name(stem) == sentence


def test_the_fingerprint_is_of_segments_not_of_places(tmp_path: Path) -> None:
    prints = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cut.mp4").touch()
        prints.append(read_video_folder(tmp_path / name).fingerprint(tmp_path / name))
    assert prints[0] == prints[1]
    (tmp_path / "two" / "stir.mp4").touch()
    assert read_video_folder(tmp_path / "two").fingerprint(tmp_path / "two") != prints[0]
