"""What holds for all that is read: rows are taken or skipped with a reason, and nothing raises but our own errors."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import math
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from ivg.data.readers import Reading, read_caption_list, read_ego4d, read_epic_kitchens, read_video_folder
from ivg.envs.errors import EnvsError
from ivg.errors import InputError, IvgError, StoreError, WeightsError

from .small import few

T = TypeVar("T")


ANY_TEXT = st.text(st.characters(), max_size=40)  # of half characters, too
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
SAID = ["cut", "the", "carrot", "into", "a", "pot", "with", "knife", "on", "board", "stir", "put", "open", "drawer"]
WORDS = st.lists(st.sampled_from([*SAID, "{hand}", "{}", "{", "}", "%s", "."])).map(" ".join)
NUMBERS = st.integers() | st.floats() | st.sampled_from([10**400, -(10**400), 2**63, -1, 0])
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda values: st.lists(values, max_size=3) | st.dictionaries(TEXTS, values, max_size=3),
    max_leaves=6,
)
VIDEOS = ("a.mp4", "P01_01.MP4", "sub/b.mp4")
"""Files that are there."""

PICTURES = "P01_02"
"""A folder that is there, as of a video's pictures."""

HOSTILE = [
    b"",
    b"\xff\xfe",
    b"1" * 5000,
    b"[" * 20_000,
    b"{}",
    b"[]",
    b"null",
    b"\xef\xbb\xbf[]",
    b'{"a":' + b"9" * 5000 + b"}",
]
"""What has made a reader of JSON stumble."""


@contextmanager
def folder() -> Iterator[Path]:
    """Make a folder with videos for one example."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        (place / "sub").mkdir()
        (place / PICTURES).mkdir()
        for video in VIDEOS:
            (place / video).write_bytes(b"x")
        yield place


def read_or_refuse(read: Callable[[], T], *refusals: type[Exception]) -> T | None:
    """Return what is read, or None if it is refused in the package's own words; any other error fails the test."""
    with contextlib.suppress(*refusals):
        return read()
    return None


def assert_usable(reading: Reading, root: Path) -> None:
    """Check what every reader promises of its segments."""
    names = [segment.name for segment in reading.segments]
    assert len(set(names)) == len(names)
    for segment in reading.segments:
        assert segment.video.exists()
        assert root in segment.video.parents
        assert any(letter.isalpha() for letter in segment.text)
        assert segment.text == " ".join(segment.text.split())
        assert 0 <= segment.start_s < math.inf
        assert segment.end_s is None or segment.start_s < segment.end_s < math.inf
    assert all(row.reason for row in reading.skipped)
    assert len(reading.fingerprint(root)) == 16
    assert sum(reading.reasons.values()) == len(reading.skipped)


# Annotation files


READERS = {"captions": read_caption_list, "ego4d": read_ego4d, "epic": read_epic_kitchens}


@few(30)
@given(content=st.binary(max_size=300) | st.sampled_from(HOSTILE) | JSON.map(lambda value: json.dumps(value).encode()))
@pytest.mark.parametrize("name", READERS)
def test_a_file_of_anything_is_read_or_refused(name: str, content: bytes) -> None:
    with folder() as root:
        (root / "annotation").write_bytes(content)
        reading = read_or_refuse(lambda: READERS[name](root / "annotation", root), InputError)
        if reading is not None:
            assert_usable(reading, root)


@few(60)
@given(
    rows=st.lists(
        JSON | st.fixed_dictionaries({"caption": WORDS | JSON, "video": st.sampled_from(VIDEOS) | TEXTS | JSON}),
        max_size=6,
    )
)
@example(rows=[{"caption": "cut", "video": "x" * 300 + ".mp4"}, {"caption": "cut \ud800", "video": "a.mp4"}])
@example(rows=[{"caption": "cut", "video": "../secret"}, {"caption": "cut", "video": "a.mp4/../.."}])
def test_every_row_of_a_caption_list_is_taken_or_skipped_with_a_reason(rows: list[Any]) -> None:
    with folder() as root:
        (root / "captions.json").write_text(json.dumps(rows))
        reading = read_or_refuse(lambda: read_caption_list(root / "captions.json", root), InputError)
        if reading is None:
            assert not any(isinstance(row, dict) and {"caption", "video"} <= set(row) for row in rows)
            return
        assert_usable(reading, root)
        assert len(reading.segments) + len(reading.skipped) == len(rows)


TIMES = NUMBERS | JSON
MOMENTS = st.fixed_dictionaries({}, optional={"timestamp_sec": TIMES, "narration_text": WORDS | JSON})
ACTIONS = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("start_sec", "end_sec", "clip_start_sec", "clip_end_sec"), TIMES),
        "narration_text": st.sampled_from(["#C C cuts a carrot", "#O someone", "#unsure", "#C"]) | JSON,
        "uid": TEXTS | JSON,
        "structured_verb": WORDS | JSON,
        "is_rejected": st.booleans() | JSON,
    },
)
EGO4D = st.one_of(
    st.fixed_dictionaries(
        {
            "videos": st.lists(
                JSON
                | st.fixed_dictionaries(
                    {
                        "video_uid": st.sampled_from(["a", "b", "gone"]) | JSON,
                        "annotated_intervals": st.lists(
                            JSON | st.fixed_dictionaries({"narrated_actions": st.lists(ACTIONS, max_size=3) | JSON}),
                            max_size=2,
                        ),
                    }
                ),
                min_size=1,
                max_size=3,
            )
        }
    ),
    st.fixed_dictionaries(
        {
            "clips": st.lists(
                st.fixed_dictionaries(
                    {"action_clip_start_sec": TIMES, "action_clip_end_sec": TIMES},
                    optional={
                        **dict.fromkeys(("video_uid", "clip_uid"), st.sampled_from(["a", "b"]) | JSON),
                        **dict.fromkeys(("verb", "noun", "action_idx"), WORDS | JSON),
                        "clip_parent_start_sec": TIMES,
                    },
                ),
                min_size=1,
                max_size=3,
            )
        }
    ),
    st.dictionaries(
        st.sampled_from(["a", "b", "gone"]),
        st.fixed_dictionaries(
            {"narration_pass_1": st.fixed_dictionaries({"narrations": st.lists(MOMENTS, max_size=4)})}
        ),
        min_size=1,
    ),
)


@few(80)
@given(content=EGO4D)
@example(
    content={"a": {"narration_pass_1": {"narrations": [{"timestamp_sec": 10**400, "narration_text": "#C C cuts"}]}}}
)
def test_ego4d_s_files_with_anything_in_their_places_are_read(content: dict[str, Any]) -> None:
    with folder() as root:
        (root / "ego4d.json").write_text(json.dumps(content))
        reading = read_or_refuse(lambda: read_ego4d(root / "ego4d.json", root), InputError)
        if reading is not None:
            assert_usable(reading, root)


@few(40)
@given(good=st.lists(st.integers(0, 3000), min_size=3, max_size=8, unique=True).map(sorted), bad=TIMES)
def test_one_bad_moment_changes_no_other_narration(good: list[int], bad: Any) -> None:
    assume(not (isinstance(bad, int | float) and not isinstance(bad, bool) and abs(bad) < 1e9))
    rows = [{"timestamp_sec": moment, "narration_text": f"#C C cuts {moment}"} for moment in good]
    with folder() as root:
        found = []
        for more in ([], [{"timestamp_sec": bad, "narration_text": "#C C cuts"}]):
            content = {"a": {"narration_pass_1": {"narrations": rows + more}}}
            (root / "narration.json").write_text(json.dumps(content))
            found.append(read_ego4d(root / "narration.json", root))
        assert found[0].segments == found[1].segments
        assert [row.reason for row in found[1].skipped[len(found[0].skipped) :]] == ["bad time"]


COLUMNS = ("video_id", "start_timestamp", "stop_timestamp", "narration", "participant_id", "start_frame", "stop_frame")
CELLS = (
    st.sampled_from(["P01_01", PICTURES, "a", "00:00:01.5", "2", "1" * 5000, "²", "٣", "x" * 300, "..", "/etc", "a\0b"])
    | TEXTS
)


def write_table(path: Path, rows: list[list[str]]) -> None:
    """Write a CSV file as spreadsheets do."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\r\n").writerows(rows)


@few(60)
@given(rows=st.lists(st.lists(CELLS, min_size=len(COLUMNS), max_size=len(COLUMNS)), max_size=5))
@example(rows=[["P01_01", "1", "2", "cut\nthe carrot", "", "", ""], ["x" * 300, "1", "2", "cut", "", "", ""]])
@example(rows=[[PICTURES, "1", "2", "cut", "", "1" * 5000, "2"], ["P01_01", "1", "9" * 400, "cut", "", "", ""]])
def test_every_row_of_epic_kitchens_is_taken_or_skipped_with_a_reason(rows: list[list[str]]) -> None:
    with folder() as root:
        write_table(root / "epic.csv", [list(COLUMNS), *rows])
        reading = read_epic_kitchens(root / "epic.csv", root)
        assert_usable(reading, root)
        assert len(reading.segments) + len(reading.skipped) == len(rows)
        texts = {" ".join(row[3].split()) for row in rows}
        assert {segment.text for segment in reading.segments} <= texts, "line breaks in a cell part words"


@few(60)
@given(rows=st.lists(st.lists(TEXTS, min_size=3, max_size=3), max_size=5))
def test_a_table_is_read_as_it_was_written(rows: list[list[str]]) -> None:
    from ivg.data.readers.files import read_table

    with folder() as root:
        write_table(root / "t.csv", [["a", "b", "c"], *rows])
        read = [[row[name] for name in "abc"] for _, row in read_table(root / "t.csv", ["b"])]
    assert read == rows


@few(60)
@given(hours=st.integers(0, 99), minutes=st.integers(0, 59), hundredths=st.integers(0, 5999), text=ANY_TEXT)
def test_times_are_read_as_they_are_written_and_nothing_else_is_a_time(
    hours: int, minutes: int, hundredths: int, text: str
) -> None:
    from ivg.data.readers.epic_kitchens import parse_timestamp

    seconds = hundredths / 100
    assert parse_timestamp(f"{hours:02d}:{minutes:02d}:{seconds:05.2f}") == pytest.approx(
        3600 * hours + 60 * minutes + seconds
    )
    assert parse_timestamp(f"{minutes}:{seconds:05.2f}") == pytest.approx(60 * minutes + seconds)
    assert parse_timestamp(f" {seconds:.2f} ") == pytest.approx(seconds)
    found = parse_timestamp(text)
    assert found is None or found >= 0
    assert parse_timestamp(f"-{seconds}") is None


FILE_NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=30)


@few(40)
@given(names=st.lists(FILE_NAMES, max_size=4), notes=st.lists(st.binary(max_size=30), max_size=4))
def test_every_video_of_a_folder_is_taken_or_skipped_whatever_it_is_called(
    names: list[str], notes: list[bytes]
) -> None:
    with folder() as root:
        for name, note in zip(names, [*notes, *[b""] * 4], strict=False):
            (root / f"{name}.mp4").write_bytes(b"x")
            (root / f"{name}.txt").write_bytes(note)
        wanted = [path for path in root.rglob("*") if path.suffix.lower() == ".mp4" and path.name[0] != "."]
        reading = read_video_folder(root)
        assert_usable(reading, root)
        assert len(reading.segments) + len(reading.skipped) == len(wanted)


@few(80)
@given(text=ANY_TEXT | WORDS)
@example(text="cut_02_")
def test_reading_a_name_twice_reads_no_more(text: str) -> None:
    from ivg.data.readers.plain import sentence_of_name
    from ivg.data.readers.segment import first_word, one_line

    for read in (one_line, first_word, sentence_of_name):
        assert read(read(text)) == read(text)
    assert "\n" not in one_line(text)
    assert " " not in first_word(text)
    assert not sentence_of_name(text)[-1:].isspace()


# Words


@few(80)
@given(text=WORDS | ANY_TEXT, side=st.sampled_from(["left", "right"]))
def test_the_vocabulary_only_adds_to_what_was_said(text: str, side: str) -> None:
    from ivg.instructions.vocabulary_rewriter import VocabularyRewriter

    rewrite = VocabularyRewriter()
    written = rewrite(text, side=side)
    assert written == rewrite(text, side=side)
    both = rewrite("cut the carrot", side=side).split()
    assert (both.count(side), both.count("left"), both.count("right")) == (1, 1, 1)
    assert written == text or written.startswith(f"{text.strip().rstrip('.')}: ")
    if written != text:
        other = rewrite(text, side="left" if side == "right" else "right")
        swap = {"left": "right", "right": "left"}
        added, mirrored = (said[len(text.strip().rstrip(".")) :].split() for said in (written, other))
        assert [swap.get(word, word) for word in added] == mirrored, "the hands change places, and nothing else does"


TEMPLATES = st.sampled_from(
    ["{hand", "{hand:{x}}", "{hand!z}", "{hand:d}", "{hand:>5}", "}", "{}", "{{}}", "{tool}{object}"]
)


@few(80)
@given(text=ANY_TEXT | TEMPLATES, side=ANY_TEXT, places=st.dictionaries(WORDS, WORDS, max_size=3))
def test_vocabularies_and_sides_of_anything_are_taken_or_refused(text: str, side: str, places: dict[str, str]) -> None:
    from ivg.instructions.vocabulary import GENERAL_KITCHEN, Action
    from ivg.instructions.vocabulary_rewriter import VocabularyRewriter

    vocabulary = GENERAL_KITCHEN.with_places(places)
    assert (vocabulary.fingerprint == GENERAL_KITCHEN.fingerprint) == (vocabulary == GENERAL_KITCHEN)
    read_or_refuse(lambda: VocabularyRewriter(vocabulary)(text, side=side), InputError)
    VocabularyRewriter(vocabulary)("put the carrot into the pot")
    action = read_or_refuse(lambda: Action(("cut",), text), InputError)
    if action is not None:
        VocabularyRewriter(replace(vocabulary, actions=(action,)))("cut the carrot", side="left")


@few(80)
@given(text=ANY_TEXT | st.integers() | st.none() | st.sampled_from([" ", "\t\n", "x" * 1000, "x" * 1001]))
def test_a_task_in_words_is_taken_as_it_is_or_refused(text: Any) -> None:
    from ivg.envs.kitchen.tasks import TASKS, match_task
    from ivg.inputs import LONGEST, check_text

    taken = read_or_refuse(lambda: check_text(text), InputError)
    if taken is not None:
        assert taken == text
        assert 0 < len(taken.strip()) <= len(taken) <= LONGEST
    if isinstance(text, str):
        match = read_or_refuse(lambda: match_task(text), EnvsError)
        assert match is None or match.task is None or match.task in TASKS


@few(40)
@given(data=st.data())
def test_a_task_is_known_by_its_name_and_sentences_however_they_are_spelled(data: st.DataObject) -> None:
    from ivg.envs.kitchen.tasks import TASKS, match_task

    name = data.draw(st.sampled_from(sorted(TASKS)))
    said = data.draw(st.sampled_from([name, *TASKS[name].phrasings]))
    large = data.draw(st.sampled_from([{}, set(said), *({letter} for letter in said)]))
    spelled = "".join(letter.upper() if letter in large else letter for letter in said)
    blanks = data.draw(st.sampled_from([" ", "  ", "\n", "_", ", "]))
    assert match_task(spelled.replace(" ", blanks) + data.draw(st.sampled_from(["", ".", "!", " "]))).task == name


# Options


@few(60)
@given(
    skin=st.none() | st.sampled_from(["light", "Dark", "#c68863", "#12345"]) | ANY_TEXT,
    side=st.none() | st.sampled_from(["left", "right"]) | ANY_TEXT,
    hand_size=st.none() | st.floats(),
    seed=st.integers(),
)
def test_options_of_a_person_give_one_or_are_refused(skin: Any, side: Any, hand_size: Any, seed: int) -> None:
    from ivg.types import SCALE_RANGE
    from ivg.workflows.demo import choose_appearance

    person = read_or_refuse(lambda: choose_appearance(seed, skin=skin, side=side, hand_size=hand_size), InputError)
    if person is None:
        return
    assert person.side == (side or person.side)
    assert SCALE_RANGE[0] <= person.hand_scale <= SCALE_RANGE[1]
    assert ((person.skin_rgb >= 0) & (person.skin_rgb <= 1)).all()


@few(60)
@given(colour=st.integers(0, 0xFFFFFF), upper=st.booleans())
def test_a_colour_is_read_as_it_is_written(colour: int, upper: bool) -> None:
    from ivg.workflows.demo.context import skin_rgb

    written = f"#{colour:06X}" if upper else f"#{colour:06x}"
    read = np.rint(skin_rgb(written) * 255).astype(int).tolist()
    assert read == [colour >> 16, colour >> 8 & 255, colour & 255]


def refused(command: str, *arguments: str) -> str:
    """Run a command that cannot be done; return what it says."""
    main, errors = import_module(f"ivg.cli.{command}").main, io.StringIO()
    with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(io.StringIO()):
        try:
            code = main(list(arguments))
        except SystemExit as stop:
            code = stop.code
    assert code == 2, errors.getvalue()
    assert errors.getvalue().strip()
    return errors.getvalue()


SEED_OPTIONS = {
    "seed of a demonstration": ("demo", "--task=cut", "--out={out}", "--seed={seed}"),
    "seed of episodes": ("dataset", "generate", "--episodes=1", "--out={out}.zarr", "--seed={seed}"),
    "seeds of clips": ("dataset", "render", "--clips=1", "--out={out}", "--seed-offset={seed}"),
    "scenes of an evaluation": ("eval", "--scenes=1", "--cache={out}", "--seed-offset={seed}"),
    "scenes of executions": ("policy", "execute", "--episodes=1", "--out={out}", "--first-seed={seed}"),
}


@few(12)
@given(seed=st.integers(max_value=-1) | st.integers(min_value=2**62 + 1))
@pytest.mark.parametrize("name", SEED_OPTIONS)
def test_a_seed_out_of_range_is_refused_by_every_command(name: str, seed: int) -> None:
    with folder() as place:
        command, *arguments = (part.format(out=place / "out", seed=seed) for part in SEED_OPTIONS[name])
        said = refused(command, *arguments)
        assert "must not be negative" in said if seed < 0 else "must be at most" in said
        assert not list(place.glob("out*"))


COUNT_OPTIONS = {
    "clips": ("dataset", "render", "--out={out}", "--clips={count}"),
    "size of clips": ("dataset", "render", "--out={out}", "--clips=1", "--size={count}"),
    "episodes": ("dataset", "generate", "--out={out}.zarr", "--episodes={count}"),
    "attempts": ("dataset", "generate", "--out={out}.zarr", "--episodes=1", "--max-attempts={count}"),
    "scenes": ("eval", "--cache={out}", "--scenes={count}"),
    "executions": ("policy", "execute", "--out={out}", "--episodes={count}"),
    "size of executions": ("policy", "execute", "--out={out}", "--size={count}"),
    "steps": ("demo", "--task=cut", "--out={out}", "--steps={count}"),
    "frames of a video": ("policy", "extract", "{out}.mp4", "--out={out}", "--frames={count}"),
    "frames of annotations": ("dataset", "annotate", "{out}.mp4", "--out={out}", "--frames={count}"),
}


@few(6)
@given(count=st.integers(max_value=0) | st.floats() | TEXTS.filter(lambda text: not text.strip().isdigit()))
@pytest.mark.parametrize("name", COUNT_OPTIONS)
def test_what_is_no_positive_number_is_refused_by_every_command(name: str, count: Any) -> None:
    with folder() as place:
        command, *arguments = (part.format(out=place / "out", count=count) for part in COUNT_OPTIONS[name])
        refused(command, *arguments)
        assert not list(place.glob("out*"))


@few(25)
@given(size=ANY_TEXT | st.sampled_from(["0", "0x4", "4x0", "4x", "x4", "4x4x4", "1" * 5000, "٣x٣", "-4"]))
def test_a_size_of_pictures_is_two_numbers_or_refused(size: str) -> None:
    with folder() as place:
        refused("dataset", "import", str(place / "none"), "--format=lerobot", f"--out={place}/d.zarr", f"--size={size}")


SETTINGS = st.sampled_from(
    ["output", "resume", "device", "conditioning", "policy", "train", "data", "data.path", "train.steps", "train.seed"]
    + [
        "policy.horizon",
        "train.learning_rate",
        "train.minutes",
        "policy.kind",
        "hydra.run.dir",
        "nothing",
        "+a.b",
        "~output",
    ]
)
VALUES = st.sampled_from(
    ["null", "???", "${output}", "${nothing}", "${oc.env:NOTHING}", "[1]", "{a: 1}", "nan", "inf", "-1", "1e9", "maybe"]
    + ["x", "'", "", "1,2", "range(1,3)", "choice(a,b)", "1" * 5000, "diffusion", "text", "\\", "$", "0"]
)


@few(15)
@given(overrides=st.lists(st.tuples(SETTINGS, VALUES).map("=".join) | ANY_TEXT, min_size=1, max_size=2))
@example(overrides=["train.minutes=inf"])
@example(overrides=["train.learning_rate=nan"])
@example(overrides=["output=${nothing}"])
@example(overrides=["data=[1]"])
@pytest.mark.parametrize("which", ["policy", "reinforcement"])
def test_settings_of_a_training_make_one_or_are_refused(which: str, overrides: list[str]) -> None:
    from ivg.workflows.policy_settings import read_policy_run, read_reinforcement

    if which == "policy":
        run = read_or_refuse(lambda: read_policy_run(["output=o", "data.path=d", *overrides]), IvgError)
    else:
        read_or_refuse(lambda: read_reinforcement(["output=o", *overrides]), IvgError)
        return
    if run is not None:
        assert isinstance(run.resume, bool)
        assert isinstance(run.output, Path)
        assert all(math.isfinite(value) for value in vars(run.train).values() if isinstance(value, float))


@few(15)
@given(
    overrides=st.lists(st.tuples(SETTINGS, VALUES).map("=".join), min_size=1, max_size=2),
    stage=st.sampled_from(["region", "clip"]),
)
@example(overrides=["output=${nothing}"], stage="region")
@example(overrides=["resume=maybe"], stage="region")
@example(overrides=["output=[1]"], stage="clip")
def test_settings_of_ivg_train_make_a_training_or_are_refused(overrides: list[str], stage: str) -> None:
    """Those that hydra composes; what it says of the others is in tests/ivg/cli/test_train.py."""
    from ivg.training.composition import compose_train, read_run

    given = [f"train={stage}", "output=o", "data.path=d", *overrides]
    run = read_or_refuse(lambda: read_run(compose_train(given)), IvgError)
    assert run is None or (isinstance(run.resume, bool) and isinstance(run.output, Path))


# Other files


@few(60)
@given(content=st.binary(max_size=200) | st.sampled_from(HOSTILE) | JSON.map(lambda value: json.dumps(value).encode()))
@example(content=b'{"K": [[1,0,0],[0,1,0],[0,0,1]], "T_world_camera": 1, "width": 1e999, "height": 3}')
@example(content=json.dumps({"K": [[0] * 3] * 3, "T_world_camera": [[0] * 4] * 4, "width": 4, "height": 3}).encode())
def test_a_camera_is_one_that_can_be_looked_through_or_refused(content: bytes) -> None:
    from ivg.workflows.policies.extract import read_camera

    with folder() as place:
        (place / "camera.json").write_bytes(content)
        camera = read_or_refuse(lambda: read_camera(place / "camera.json"), InputError)
        if camera is not None:
            assert np.isfinite(np.linalg.inv(camera.K)).all()
            assert np.isfinite(np.linalg.inv(camera.T_world_camera)).all()


@few(60)
@given(
    place=st.integers(0, 24),
    value=st.floats() | st.sampled_from([0.0, 1e-320, 1e308, -1.0]),
    sides=st.tuples(NUMBERS, NUMBERS),
)
@example(place=0, value=0.0, sides=(4, 3))
@example(place=0, value=50.0, sides=(math.nan, 3))
def test_a_camera_with_one_strange_number_is_one_or_refused(place: int, value: float, sides: tuple[Any, Any]) -> None:
    from ivg.types import Camera

    numbers = np.concatenate([np.diag([50.0, 50, 1]).ravel(), np.eye(4).ravel()])
    numbers[place] = value
    camera = read_or_refuse(lambda: Camera(numbers[:9].reshape(3, 3), numbers[9:].reshape(4, 4), *sides), InputError)
    if camera is not None:
        assert np.isfinite(np.linalg.inv(camera.K)).all()
        turn = camera.T_world_camera[:3, :3]
        np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=0.01)
        assert min(camera.width, camera.height) > 0


def npy(header: str) -> bytes:
    """Return a NPY file with a header of its own, and no data."""
    head = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head


HEADERS = st.tuples(
    st.sampled_from(["'<f4'", "'<f8'", "'|O'", "'zz'", "[1, 2]", "'<U3'"]),
    st.lists(st.integers(-2, 10**9), max_size=3).map(tuple) | TEXTS,
).map(lambda parts: npy(f"{{'descr': {parts[0]}, 'fortran_order': False, 'shape': {parts[1]}, }}"))


@few(60)
@given(
    content=HEADERS | st.binary(max_size=100) | st.sampled_from([b"PK\x03\x04", b"PK\x05\x06" + bytes(18), npy("((((")])
)
def test_a_depth_picture_of_anything_is_one_or_refused(content: bytes) -> None:
    from ivg.workflows.policies.extract import read_depth

    with folder() as place:
        (place / "depth.npy").write_bytes(content)
        depth = read_or_refuse(lambda: read_depth(place / "depth.npy"), InputError)
        assert depth is None or (depth.ndim == 2 and depth.dtype.kind == "f")


@few(40)
@given(content=st.binary(max_size=200) | st.sampled_from(HOSTILE) | JSON.map(lambda value: json.dumps(value).encode()))
def test_a_log_of_anything_is_one_or_refused(content: bytes) -> None:
    from ivg.policy.evaluation import OutcomeLog

    with folder() as place:
        for ending in (b"", b"\n"):
            (place / "outcomes.jsonl").write_bytes(content + ending)
            read_or_refuse(OutcomeLog(place / "outcomes.jsonl").read, StoreError)


@few(30)
@given(content=st.sampled_from(HOSTILE) | JSON.map(lambda value: json.dumps(value).encode()))
@example(content=b'{"kind": "diffusion", "policy": {"horizon": "x"}, "notes": 3}')
@example(content=b'{"kind": [], "policy": {}, "notes": {}}')
def test_a_policy_that_describes_itself_as_anything_is_refused(content: bytes) -> None:
    from ivg.policy import HandLifter
    from ivg.policy.learning.policy import read_description

    with folder() as place:
        (place / "config.json").write_bytes(content)
        for name in ("policy.safetensors", "model.safetensors"):
            (place / name).write_bytes(b"")
        with pytest.raises(WeightsError):
            read_description(place)
        with pytest.raises(IvgError):
            HandLifter.from_pretrained(place)


PARTS = JSON | st.fixed_dictionaries(
    {"feature": st.sampled_from(["state", "action"]) | JSON, "columns": st.lists(st.integers(-1, 9) | TEXTS) | JSON},
    optional={"form": st.sampled_from(["euler", "wxyz"]) | JSON, "low": NUMBERS | JSON, "high": NUMBERS | JSON},
)


@few(60)
@given(
    content=st.fixed_dictionaries(
        dict.fromkeys(("position", "rotation", "opening", "joints", "action"), PARTS), optional={"image": JSON}
    )
)
@example(
    content={
        **dict.fromkeys(("position", "rotation", "joints")),
        "opening": {"feature": "state", "columns": [0], "low": 0, "high": 10**400},
        "action": {"feature": "action", "columns": [0], "form": []},
    }
)
def test_a_map_of_features_is_one_or_refused(content: dict[str, Any]) -> None:
    from ivg.policy.datasets.exports.feature_map import Feature, feature_map_of

    found = read_or_refuse(lambda: feature_map_of(content), InputError)
    if found is not None:
        read_or_refuse(lambda: found.check({"state": Feature(9), "action": Feature(7)}), InputError)


FOLDERS = st.lists(
    st.from_regex(r"[A-Za-z0-9_.\-]{2,8}", fullmatch=True).filter(lambda part: part.strip(".")), min_size=2, max_size=5
)


@few(60)
@given(
    parts=FOLDERS,
    said=st.sampled_from(["cannot read '{}': gone", 'no weights at "{}"', "{} is bad", "at {}: 3/4 of it"]),
)
def test_visitors_are_told_the_name_of_a_file_and_not_where_it_is(parts: list[str], said: str) -> None:
    from ivg.app.view import plain

    for root in ("/", "~/", "C:\\", "\\\\host\\"):
        between = "\\" if "\\" in root else "/"
        assert plain(ValueError(said.format(root + between.join(parts)))) == said.format(parts[-1])
    spaced = "/a b/" + "/".join(parts)
    if "{}'" in said or '{}"' in said:
        assert plain(ValueError(said.format(spaced))) == said.format(parts[-1])
