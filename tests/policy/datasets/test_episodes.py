"""Robot episodes: validation, round trips, the ReplayBuffer's layout, appending, attributes."""

import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import zarr

from ivg.errors import InputError, StoreError
from ivg.policy.datasets import DemonstrationStore, EpisodeStore, append_episodes, is_episode_dataset, write_episodes

ENDINGS = pytest.mark.parametrize("ending", [".zarr", ".zarr.zip"])


def contents(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def assert_same(one, other):
    for field in fields(one):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, np.ndarray):
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)
        else:
            assert a == b, field.name


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image": np.zeros((12, 10, 10, 3), np.float32)}, "image must have dtype uint8"),
        ({"proprio": np.zeros((12, 7), np.float32)}, r"proprio must have shape \(12, 16\)"),
        ({"action": np.full((12, 7), 1.5, np.float32)}, r"action must lie in \[-1, 1\]"),
        ({"action": np.full((12, 7), np.nan, np.float32)}, "action must be finite"),
        ({"phase": np.zeros(11, np.float32)}, r"phase must have shape \(12,\)"),
        ({"phase": np.full(12, 1.1, np.float32)}, r"phase must lie in \[0, 1\]"),
        ({"demo_path": np.full((16, 8), np.nan, np.float32)}, "demo_path must be finite"),
        ({"demo_clip": np.zeros((16, 9, 9, 3), np.uint8)}, "demo_clip must have shape"),
        ({"task": ""}, "task and text must not be empty"),
        ({"fps": 0.0}, "fps and demo_fps must be positive"),
    ],
)
def test_what_does_not_fit_is_refused(make_episode, change, message):
    with pytest.raises(InputError, match=message):
        make_episode(**change)


@ENDINGS
def test_what_is_written_comes_back(tmp_path, make_episode, ending):
    made = [make_episode(0), make_episode(1, 5, task="push_plate", success=False, fps=10.0), make_episode(2, 8)]
    path = write_episodes(tmp_path / f"d{ending}", made[:2], attributes={"a": 1, "b": [2]})
    append_episodes(path, made[2:], attributes={"b": {"c": None}})
    with EpisodeStore(path) as store:
        assert len(store) == 3
        for one, other in zip(store, made, strict=True):
            assert_same(one, other)
        assert store.tasks == ["open_drawer", "push_plate", "open_drawer"]
        assert store.texts == [episode.text for episode in made]
        assert store.attributes == {"a": 1, "b": {"c": None}}
        assert store.episode_starts.tolist() == [0, 12, 17]


def test_it_is_laid_out_as_the_replay_buffer(dataset):
    path, made = dataset
    root = zarr.open_group(str(path), mode="r", zarr_format=2)
    ends = root["meta/episode_ends"]
    assert (ends.dtype, ends[:].tolist(), ends.compressors) == (np.int64, [12, 17, 25], ())
    for key, array in root["data"].arrays():
        assert array.shape[0] == 25, key
        assert array.chunks[1:] == array.shape[1:], key
        assert array.dtype == (np.uint8 if key == "image" else np.float32), key
    for key in ("demo_keypoints", "demo_present", "demo_path", "demo_clip"):
        np.testing.assert_array_equal(root[f"meta/{key}"][1], getattr(made[1], key))


def test_every_step_has_the_track_of_its_phase(dataset):
    path, made = dataset
    root = zarr.open_group(str(path), mode="r", zarr_format=2)
    frames = np.abs(np.linspace(0, 1, 16)[None] - made[2].phase[:, None]).argmin(1)
    np.testing.assert_array_equal(root["data/demo_path"][17:25], made[2].demo_path[frames])
    np.testing.assert_array_equal(root["data/demo_keypoints"][17:25], made[2].demo_keypoints[frames])


@pytest.mark.parametrize("change", [{"size": 12}, {"frames": 8}])
def test_sizes_must_agree_and_a_failed_append_changes_nothing(dataset, tmp_path, make_episode, change):
    before = contents(tmp_path)
    with pytest.raises(InputError, match="all robot episodes of a dataset must have its"):
        append_episodes(dataset[0], [make_episode(7), make_episode(8, **change)])
    assert contents(tmp_path) == before


@ENDINGS
def test_attributes_change_without_episodes(tmp_path, make_episode, ending):
    path = write_episodes(tmp_path / f"d{ending}", [make_episode(0)])
    append_episodes(path, [], attributes={"attempts": 5})
    with EpisodeStore(path) as store:
        assert (len(store), store.attributes) == (1, {"attempts": 5})
    with pytest.raises(InputError, match="no robot episode to write"):
        append_episodes(tmp_path / f"nothing{ending}", [], attributes={"attempts": 5})


def test_how_it_was_appended_does_not_show(tmp_path, make_episode):
    made = [make_episode(seed, 20 + seed, size=120) for seed in range(3)]
    whole = write_episodes(tmp_path / "whole.zarr", made)
    parts = write_episodes(tmp_path / "parts.zarr", made[:1])
    append_episodes(parts, made[1:])
    assert len(list((whole / "data" / "image").glob("[0-9]*"))) >= 2
    assert contents(whole) == contents(parts)


def test_untouched_chunks_are_linked_in_meta_too(tmp_path, make_episode):
    path = write_episodes(tmp_path / "d.zarr", [make_episode(seed, 3, size=220) for seed in range(3)])
    clips = path / "meta" / "demo_clip"
    before = {file.name: file.stat().st_ino for file in clips.glob("[0-9]*")}
    assert len(before) == 3, "one chunk an episode"
    append_episodes(path, [make_episode(9, 3, size=220)])
    after = {file.name: file.stat().st_ino for file in clips.glob("[0-9]*")}
    assert [after[name] == before[name] for name in sorted(before)] == [True, True, False]


def test_kinds_of_datasets_are_told_apart(dataset, tmp_path):
    assert is_episode_dataset(dataset[0])
    assert not is_episode_dataset(tmp_path)
    assert not is_episode_dataset(tmp_path / "nowhere.zarr")
    with pytest.raises(StoreError, match="no dataset of demonstrations: it lacks data/region"):
        DemonstrationStore(dataset[0])
    with pytest.raises(StoreError, match="there is no dataset of robot episodes"):
        EpisodeStore(tmp_path / "nowhere.zarr")
    with EpisodeStore(dataset[0]) as store, pytest.raises(StoreError, match="there is no episode 3"):
        store[3]


def test_the_table_of_the_page_is_complete(dataset):
    page = Path(__file__).parents[3] / "docs" / "robot_episodes.md"
    rows = [line for line in page.read_text().splitlines() if re.match(r"\| `(data|meta)/", line)]
    named = [name for row in rows for name in re.findall(r"`([\w/]+)`", row.split("|")[1])]
    root = zarr.open_group(str(dataset[0]), mode="r", zarr_format=2)
    assert sorted(named) == sorted(f"{group}/{key}" for group in ("data", "meta") for key in root[group].array_keys())
