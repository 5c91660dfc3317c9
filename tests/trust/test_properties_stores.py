"""What holds for all datasets: what is written is read back, whatever its sizes, texts and rates; damage is found."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ivg.data.clip_record import INFO_BYTES, ClipRecord
from ivg.data.clip_store import ClipStore
from ivg.errors import InputError, IvgError, StoreError
from ivg.policy import Demonstration, DemonstrationStore, append_demonstrations, write_demonstrations
from ivg.policy.datasets import EpisodeStore, EpisodeWindows, RobotEpisode, append_episodes, write_episodes

from .small import contents, few

SEEDS = st.integers(0, 2**32 - 1)
ENDINGS = st.sampled_from([".zarr", ".zarr.zip"])
RATES = st.floats(1e-3, 1e4)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
SAID = TEXTS.filter(bool)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda values: st.lists(values, max_size=3) | st.dictionaries(TEXTS, values, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(TEXTS, JSON, max_size=4)


@contextmanager
def folder() -> Iterator[Path]:
    """Make a folder for one example."""
    with tempfile.TemporaryDirectory() as path:
        yield Path(path)


@st.composite
def demonstrations(draw: st.DrawFn, height: int, width: int) -> Demonstration:
    """Draw a demonstration with pictures of a size."""
    rng, frames = np.random.default_rng(draw(SEEDS)), draw(st.integers(1, 5))
    present = rng.random((frames, 2)) < rng.random()
    keypoints = rng.normal(0.5, 0.5, (frames, 2, 21, 2)).astype(np.float32)
    keypoints[~present] = np.nan
    masks = rng.random((frames, height, width)) < 0.2
    return Demonstration(
        clip=rng.integers(0, 256, (frames, height, width, 3), np.uint8),
        region=masks.any(0),
        keypoints=keypoints,
        present=present,
        fps=draw(RATES),
        provenance=draw(OBJECTS),
        region_per_frame=masks,
        score=np.where(present, rng.random((frames, 2)), 0).astype(np.float32),
    )


@st.composite
def episodes(draw: st.DrawFn, size: tuple[int, int] = (6, 8), frames: int = 3) -> RobotEpisode:
    """Draw a robot episode with pictures of a size and a demonstration of so many frames."""
    rng, steps = np.random.default_rng(draw(SEEDS)), draw(st.integers(1, 7))
    return RobotEpisode(
        image=rng.integers(0, 256, (steps, *size, 3), np.uint8),
        proprio=rng.normal(0, 1, (steps, 16)).astype(np.float32),
        action=rng.uniform(-1, 1, (steps, 7)).astype(np.float32),
        phase=rng.random(steps).astype(np.float32),
        plan_phase=np.sort(rng.random(steps).astype(np.float32)),
        demo_keypoints=rng.normal(0.5, 0.3, (frames, 2, 21, 2)).astype(np.float32),
        demo_present=(rng.random((frames, 2)) < 0.7).astype(np.float32),
        demo_path=rng.random((frames, 8)).astype(np.float32),
        demo_plan=rng.random((32, 8)).astype(np.float32),
        demo_clip=rng.integers(0, 256, (frames, *size, 3), np.uint8),
        task=draw(SAID),
        text=draw(SAID),
        seed=draw(st.integers(0, 2**63 - 1)),
        success=draw(st.booleans()),
        provenance=draw(OBJECTS),
        fps=draw(RATES),
        demo_fps=draw(RATES),
    )


def assert_same(read: Any, written: Any) -> None:
    """Compare all fields of two dataclasses."""
    assert type(read) is type(written)
    for field in fields(written):
        got, wanted = getattr(read, field.name), getattr(written, field.name)
        if isinstance(wanted, np.ndarray):
            assert got.dtype == wanted.dtype, field.name
            np.testing.assert_array_equal(got, wanted, err_msg=field.name)
        else:
            assert got == wanted, field.name
            assert type(got) is type(wanted), field.name


@few(10)
@given(data=st.data(), ending=ENDINGS, height=st.integers(1, 20), width=st.integers(1, 20))
def test_demonstrations_are_read_as_they_were_written(
    data: st.DataObject, ending: str, height: int, width: int
) -> None:
    made = data.draw(st.lists(demonstrations(height, width), min_size=1, max_size=3))
    late = data.draw(st.lists(demonstrations(height, width), min_size=1, max_size=2))
    with folder() as place:
        path = write_demonstrations(place / f"d{ending}", made)
        append_demonstrations(path, late)
        with DemonstrationStore(path) as store:
            assert len(store) == len(made) + len(late)
            for read, written in zip(store, [*made, *late], strict=True):
                assert_same(read, written)
            assert_same(store[-1], late[-1])


@few(6)
@given(made=st.lists(episodes(), min_size=1, max_size=4), cut=st.integers(1, 4), ending=ENDINGS, notes=OBJECTS)
def test_episodes_are_read_as_they_were_written_however_they_were_appended(
    made: list[RobotEpisode], cut: int, ending: str, notes: dict[str, Any]
) -> None:
    with folder() as place:
        path = write_episodes(place / f"d{ending}", made[:cut], attributes=notes)
        if made[cut:]:
            append_episodes(path, made[cut:])
        with EpisodeStore(path) as store:
            for read, written in zip(store, made, strict=True):
                assert_same(read, written)
            assert store.tasks == [episode.task for episode in made]
            assert store.texts == [episode.text for episode in made]
            assert store.attributes == notes
        whole = write_episodes(place / f"e{ending}", made, attributes=notes)
        assert contents(whole) == contents(path)


@few(3)
@given(
    made=st.lists(episodes(), min_size=1, max_size=2),
    text=st.text(st.characters(categories=["Cs"]), min_size=1, max_size=3),
)
def test_a_text_that_utf_8_cannot_hold_is_refused_and_nothing_is_left(made: list[RobotEpisode], text: str) -> None:
    with folder() as place:
        for wrong in ({"text": text}, {"task": text}, {"provenance": {"a": text}}):
            with pytest.raises(IvgError):
                write_episodes(place / "d.zarr", [*made, replace(made[0], **wrong)])  # type: ignore[arg-type]
        assert not list(place.iterdir())


@few(8)
@given(
    made=st.lists(episodes(), min_size=2, max_size=3),
    observed=st.integers(1, 4),
    more=st.integers(0, 12),
    order=st.randoms(use_true_random=False),
)
def test_every_window_lies_within_its_episode(made: list[RobotEpisode], observed: int, more: int, order: Any) -> None:
    chosen = list(range(len(made)))
    order.shuffle(chosen)
    chosen = chosen[: order.randint(2, len(made))]
    with folder() as where:
        path = write_episodes(where / "d.zarr", made)
        windows = EpisodeWindows(path, n_obs_steps=observed, horizon=observed + more, episodes=chosen)
    assert len(windows) == sum(len(made[place]) for place in chosen)
    batch, index = windows.batch(np.arange(len(windows))), 0
    for place in chosen:
        episode = made[place]
        for step in range(len(episode)):
            wanted = np.arange(step - observed + 1, step + 1 + more)
            steps = np.clip(wanted, 0, len(episode) - 1)
            np.testing.assert_array_equal(batch["action"][index], episode.action[steps])
            np.testing.assert_array_equal(batch["image"][index], episode.image[steps[:observed]])
            np.testing.assert_array_equal(batch["action_is_pad"][index], steps != wanted)
            np.testing.assert_array_equal(batch["demo_path"][index], episode.demo_path)
            np.testing.assert_array_equal(batch["action"][index, windows.first_action], episode.action[step])
            assert windows.texts[batch["text"][index]] == episode.text
            assert batch["episode"][index] == place
            index += 1
    with pytest.raises(IndexError):
        windows[len(windows)]


@few(40)
@given(episode=episodes(), data=st.data())
def test_no_single_byte_changes_unnoticed(episode: RobotEpisode, data: st.DataObject) -> None:
    from ivg.policy.datasets.episodes import ROBOT_EPISODES
    from ivg.policy.datasets.store.layout import checksum_names, checksums

    rows = ROBOT_EPISODES.rows_of(episode)
    before, names = checksums(rows, ROBOT_EPISODES), checksum_names(ROBOT_EPISODES)
    name = data.draw(st.sampled_from(names))
    group, key = name.split("/")
    if key in rows.texts:
        text = bytearray(rows.texts[key])
        text[data.draw(st.integers(0, len(text) - 1))] ^= 1
        rows.texts[key] = bytes(text)
    else:
        array = getattr(rows, group)[key] = getattr(rows, group)[key].copy()
        flat = array.reshape(-1).view(np.uint8)
        flat[data.draw(st.integers(0, len(flat) - 1))] ^= 1
    changed = (checksums(rows, ROBOT_EPISODES) != before).any(1)
    assert [name for name, differs in zip(names, changed, strict=True) if differs] == [name]


@few(40)
@given(row=st.lists(st.integers(0, 3000), max_size=3), dtype=st.sampled_from(["u1", "f4", "f8"]))
def test_chunks_hold_whole_rows_and_about_two_megabytes(row: list[int], dtype: str) -> None:
    from ivg.policy.datasets.store.layout import CHUNK_BYTES, chunk_shape

    chunk = chunk_shape(tuple(row), np.dtype(dtype))
    assert chunk[1:] == tuple(row)
    size = int(np.prod(row, dtype=np.int64)) * np.dtype(dtype).itemsize
    assert chunk[0] >= 1
    assert chunk[0] * size <= CHUNK_BYTES or chunk[0] == 1
    assert (chunk[0] + 1) * size > CHUNK_BYTES or not size


@few(15)
@given(
    files=st.dictionaries(
        st.lists(st.from_regex(r"[a-z0-9.]{1,6}", fullmatch=True), min_size=1, max_size=3).map("/".join),
        st.binary(max_size=200),
        max_size=5,
    )
)
def test_a_folder_comes_out_of_its_zip_file_as_it_went_in(files: dict[str, bytes]) -> None:
    from ivg.policy.datasets.store.archive import pack, unpack

    names = set(files)
    assume(not any(name.startswith(f"{other}/") for name in names for other in names))
    assume(not any(part.strip(".") == "" for name in names for part in name.split("/")))
    with folder() as place:
        (place / "in").mkdir()
        for name, content in files.items():
            (place / "in" / name).parent.mkdir(parents=True, exist_ok=True)
            (place / "in" / name).write_bytes(content)
        for archive in ("a.zip", "b.zip"):
            pack(place / "in", place / archive)
        assert (place / "a.zip").read_bytes() == (place / "b.zip").read_bytes()
        unpack(place / "a.zip", place / "out")
        assert contents(place / "out") == files


# Clip stores


SIZE, COUNT = 8, 3


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> ClipStore:
    path = tmp_path_factory.mktemp("stores") / "clips"
    return ClipStore.create(path, count=COUNT, size=SIZE, fps=8, source="made up", frames=2)


@st.composite
def records(draw: st.DrawFn) -> ClipRecord:
    """Draw a clip; any of its ground truth may be unknown."""
    rng = np.random.default_rng(draw(SEEDS))
    present = rng.random((2, 2)) < 0.5
    truth: dict[str, Any] = {
        "appearance": rng.random(5).astype(np.float32),
        "labels": rng.integers(0, 4, (2, SIZE, SIZE), np.uint8),
        "joints_world_m": rng.normal(0, 1, (2, 2, 21, 3)).astype(np.float32),
        "contact": rng.random(2) < 0.5,
        "K": rng.normal(0, 100, (3, 3)),
        "T_world_camera": rng.normal(0, 1, (4, 4)),
        "grasp_point": rng.normal(0, 1, 3).astype(np.float32),
    }
    known = draw(st.sets(st.sampled_from(sorted(truth))))
    return ClipRecord(
        frames=rng.integers(0, 256, (2, SIZE, SIZE, 3), np.uint8),
        keypoints=np.where(present[..., None, None], rng.random((2, 2, 21, 2)), np.nan).astype(np.float32),
        present=present,
        score=rng.random((2, 2)).astype(np.float32),
        info=draw(OBJECTS),
        **{name: truth[name] for name in sorted(known)},
    )


@few(12)
@given(record=records(), other=records(), index=st.integers(0, COUNT - 1))
def test_a_clip_is_read_as_it_was_written_and_leaves_its_neighbours_alone(
    clips: ClipStore, record: ClipRecord, other: ClipRecord, index: int
) -> None:
    kept = (index + 1) % COUNT
    clips.write(kept, other)
    clips.write(index, record)
    opened = ClipStore.open(clips.path)  # nothing of what the examples before wrote is left
    assert_same(opened.read(index), record)
    assert_same(opened.read(kept), other)
    assert opened.texts[index] == str(record.info.get("text", ""))


@few(20)
@given(length=st.integers(INFO_BYTES - 40, INFO_BYTES + 40), letter=st.sampled_from('aé木😀"\\\n\0'))
def test_what_is_too_long_to_be_kept_is_refused_and_the_clip_is_as_it_was(
    clips: ClipStore, length: int, letter: str
) -> None:
    rng = np.random.default_rng(0)
    present = np.zeros((2, 2), bool)
    empty = np.full((2, 2, 21, 2), np.nan, np.float32)
    frames = rng.integers(0, 256, (2, SIZE, SIZE, 3), np.uint8)
    record = ClipRecord(frames, empty, present, np.zeros((2, 2), np.float32), {"text": "kept"})
    clips.write(0, record)
    info = {"text": letter * (length // len(json.dumps(letter)[1:-1]))}
    if len(json.dumps(info).encode()) <= INFO_BYTES:
        clips.write_info(0, info)
        assert clips.info(0) == info
        return
    for write in (lambda: clips.write_info(0, info), lambda: clips.write(0, replace(record, info=info))):
        with pytest.raises(StoreError, match="at most"):
            write()
        assert_same(clips.read(0), record)


@few(8)
@given(size=st.integers(1, 12), frames=st.integers(1, 4), fps=RATES, source=SAID, meta=OBJECTS)
def test_a_store_is_opened_with_the_values_that_it_was_made_with(
    size: int, frames: int, fps: float, source: str, meta: dict[str, Any]
) -> None:
    with folder() as place:
        given = {"count": 2, "size": size, "fps": fps, "source": source, "frames": frames, "meta": meta}
        ClipStore.create(place / "clips", **given)  # type: ignore[arg-type]
        opened = ClipStore.open(place / "clips")
        assert opened.attrs.items() >= given.items()
        assert opened.array("frames").shape == (2, frames, size, size, 3)
        assert ClipStore.create(place / "clips", **given).attrs == opened.attrs  # type: ignore[arg-type]
        with pytest.raises(StoreError, match="was begun with size"):
            ClipStore.create(place / "clips", **{**given, "size": size + 1})  # type: ignore[arg-type]


# Outcomes


@st.composite
def outcomes(draw: st.DrawFn) -> Any:
    """Draw an outcome of a rollout."""
    from ivg.policy.evaluation import Outcome

    policy, source, task, reason, detail = (draw(TEXTS) for _ in range(5))
    seed, steps = draw(st.integers(0, 2**63)), draw(st.integers(0, 600))
    return Outcome(policy, source, task, seed, reason, detail, steps, draw(RATES))


@few(30)
@given(made=st.lists(outcomes(), min_size=1, max_size=4), cut=st.floats(0, 1))
def test_a_log_that_was_cut_off_anywhere_goes_on_with_what_is_whole(made: list[Any], cut: float) -> None:
    from ivg.policy.evaluation import OutcomeLog

    with folder() as place:
        log = OutcomeLog(place / "out" / "outcomes.jsonl")
        assert log.read() == []
        log.add(made[:1])
        log.add(made[1:])
        assert log.read() == made
        data = log.path.read_bytes()
        log.path.write_bytes(data[: round(cut * len(data))])
        left = log.read()
        assert left == made[: len(left)]
        log.add(made[len(left) :])
        assert log.read() == made


@few(20)
@given(ending=st.text(max_size=12) | st.sampled_from([".zarr", ".zarr.zip", ".zip", "zarr", ".zarr.zip.zarr", ".ZARR"]))
def test_a_dataset_has_one_of_two_endings(ending: str) -> None:
    from ivg.policy.datasets.store.archive import ENDINGS as KNOWN
    from ivg.policy.datasets.store.archive import is_zip

    assume("/" not in ending and "\0" not in ending)
    path = Path("d" + ending)
    if path.name.endswith(KNOWN):
        assert is_zip(path) == path.name.endswith(".zip")
    else:
        with pytest.raises(InputError, match="must end with"):
            is_zip(path)
