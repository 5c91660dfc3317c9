"""EPIC-KITCHENS-100: rows become segments in every layout that downloads leave; what is wrong is named."""

from pathlib import Path

import pytest

from ivg.data.readers import read_epic_kitchens
from ivg.data.readers.epic_kitchens import image_rate, parse_timestamp
from ivg.errors import InputError

HEADER = (
    "narration_id,participant_id,video_id,narration_timestamp,start_timestamp,stop_timestamp,start_frame,stop_frame,"
    "narration,verb,verb_class,noun,noun_class,all_nouns,all_noun_classes"
)
OPEN = "P01_01_0,P01,P01_01,00:00:01.089,00:00:00.14,00:00:03.37,8,202,open door,open,3,door,3,['door'],[3]"
CUT = "P01_101_0,P01,P01_101,,00:01:02.50,00:01:03.00,3125,3150,\"cut, slowly, carrot\",cut,7,carrot,9,['carrot'],[9]"


def write(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "train.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


@pytest.mark.parametrize(
    "place",
    ["P01/videos/P01_01.MP4", "videos/train/P01/P01_01.MP4", "videos/P01_01.mp4", "P01_01.mp4", "P01/P01_01.MP4"],
)
def test_videos_are_found_where_downloads_leave_them(tmp_path: Path, place: str) -> None:
    video = touch(tmp_path / place)
    (segment,) = read_epic_kitchens(write(tmp_path, OPEN), tmp_path).segments
    assert segment.video == video
    assert (segment.name, segment.text, segment.task) == ("P01_01_0", "open door", "open")
    assert (segment.start_s, segment.end_s, segment.frames) == (0.14, 3.37, None)
    assert segment.info == {"participant_id": "P01", "video_id": "P01_01", "verb": "open", "noun": "door"}


@pytest.mark.parametrize(
    "place",
    ["P01/rgb_frames/P01_101", "frames_rgb_flow/rgb/train/P01/P01_101", "rgb_frames/P01_101", "P01_101"],
)
def test_folders_of_pictures_are_found(tmp_path: Path, place: str) -> None:
    picture = touch(tmp_path / place / "frame_0000000001.jpg")
    (segment,) = read_epic_kitchens(write(tmp_path, CUT), tmp_path).segments
    assert segment.video == picture.parent
    assert segment.frames == (3125, 3150)
    assert segment.image_rate == 50
    assert segment.text == "cut, slowly, carrot"


def test_without_frame_numbers_the_times_stand(tmp_path: Path) -> None:
    touch(tmp_path / "P01_101" / "frame_0000000001.jpg")
    header = "participant_id,video_id,start_timestamp,stop_timestamp,narration"
    path = write(tmp_path, "P01,P01_101,00:00:01.0,00:00:02.0,cut carrot", header=header)
    (segment,) = read_epic_kitchens(path, tmp_path).segments
    assert segment.frames is None
    assert segment.task == "cut"
    assert "line 2" in segment.name


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (OPEN.replace("00:00:03.37", "00:00:00.01"), "times reversed"),
        (OPEN.replace("00:00:03.37", "soon"), "bad time"),
        (OPEN.replace("00:00:03.37", ""), "bad time"),
        (OPEN.replace("open door,", " ,"), "no text"),
        (OPEN.replace("P01_01,", "P01_77,"), "no video"),
        (OPEN.replace("P01_01,", "../secret,"), "outside its folder"),
        (OPEN.replace("P01_01,", "P02_02,"), "still packed"),
        ("P01_01_0", "bad time"),
        (OPEN, "duplicate id"),
    ],
)
def test_a_bad_row_is_skipped_with_its_reason(tmp_path: Path, row: str, reason: str) -> None:
    touch(tmp_path / "P01/videos/P01_01.MP4")
    touch(tmp_path / "P01/rgb_frames/P02_02.tar")
    touch(tmp_path.parent / "secret.MP4")
    good = OPEN if reason == "duplicate id" else OPEN.replace("P01_01_0", "P01_01_1")
    reading = read_epic_kitchens(write(tmp_path, good, row), tmp_path)
    assert len(reading.segments) == 1
    assert reading.reasons == {reason: 1}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (HEADER.replace("narration,", "").encode(), "lacks the column narration"),
        (b"", "lacks the column"),
        (HEADER.replace(",", ";").encode(), "lacks the column"),
        (b"video_id,narration\n\xff\xfe", "must be UTF-8, but byte 19 is 0xff"),
        (HEADER.encode() + b"\n" + b'"' + b"x" * 200_000, "is no CSV: line 2"),
    ],
)
def test_a_bad_file_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "train.csv").write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_epic_kitchens(tmp_path / "train.csv", tmp_path)


def test_a_missing_file_or_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot read '.*train\.csv'"):
        read_epic_kitchens(tmp_path / "train.csv", tmp_path)
    with pytest.raises(InputError, match="is no folder"):
        read_epic_kitchens(write(tmp_path, OPEN), tmp_path / "videos")


def test_a_byte_order_mark_is_no_part_of_a_column(tmp_path: Path) -> None:
    touch(tmp_path / "P01_01.mp4")
    path = write(tmp_path, OPEN)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_epic_kitchens(path, tmp_path).segments[0].name == "P01_01_0"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("00:00:00.14", 0.14), ("01:02:03.5", 3723.5), ("02:03", 123), ("7.25", 7.25), ("-1", None), ("nan", None)],
)
def test_timestamps(text: str, seconds: float | None) -> None:
    assert parse_timestamp(text) == (None if seconds is None else pytest.approx(seconds))


def test_frame_numbers_of_the_dataset_follow_from_its_rates() -> None:
    assert int(0.14 * image_rate("P01_01")) == 8
    assert int(2.86 * image_rate("P01_101")) == 143
