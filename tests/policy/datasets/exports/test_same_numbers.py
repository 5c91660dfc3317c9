"""One set of trajectories, four formats, the same numbers; and back again to the last bit."""

import json

import h5py
import numpy as np
import pyarrow.parquet as parquet
import pytest
import zarr

from ivg.io.images import decode_image
from ivg.policy.datasets import EpisodeStore
from ivg.policy.datasets.exports.lerobot.folder import LeRobotFolder, numbers
from ivg.policy.datasets.exports.lerobot.reader import lerobot_episodes
from ivg.policy.datasets.exports.lerobot.writer import export_lerobot
from ivg.policy.datasets.exports.minari import export_minari
from ivg.policy.datasets.exports.replay_buffer import check_replay_buffer, export_replay_buffer
from ivg.policy.datasets.exports.robomimic import export_robomimic, robomimic_episodes

NAMES = ("image", "proprio", "action", "phase", "plan_phase", "demo_path", "demo_keypoints", "demo_plan", "reward")


def from_lerobot(path):
    folder = LeRobotFolder(path)
    keys = {
        "proprio": "observation.state",
        "action": "action",
        "phase": "demo.phase",
        "plan_phase": "demo.plan_phase",
        "demo_path": "demo.path",
        "demo_keypoints": "demo.keypoints",
        "demo_plan": "observation.environment_state",
        "reward": "next.reward",
    }
    tables = list(folder.tables())
    arrays = {name: np.concatenate([numbers(table, key) for table in tables]) for name, key in keys.items()}
    (key,) = folder.images
    seen = [folder.read_images(key, number, table, None) for number, table in enumerate(tables)]
    return {**arrays, "image": np.concatenate(seen)}


def from_robomimic(path):
    with h5py.File(path) as file:
        demos = [file[f"data/demo_{number}"] for number in range(3)]
        arrays = {name: np.concatenate([demo[f"obs/{name}"][()] for demo in demos]) for name in demos[0]["obs"]}
        arrays["action"] = np.concatenate([demo["actions"][()] for demo in demos])
        arrays["reward"] = np.concatenate([demo["rewards"][()] for demo in demos])
    return arrays


def from_minari(path):
    with h5py.File(path / "data" / "main_data.hdf5") as file:
        episodes = [file[f"episode_{number}"] for number in range(3)]
        seen = [episode["observations"] for episode in episodes]
        arrays = {name: np.concatenate([obs[name][:-1] for obs in seen]) for name in seen[0] if name != "image"}
        arrays["image"] = np.stack([decode_image(packed.tobytes()) for obs in seen for packed in obs["image"][:-1]])
        arrays["action"] = np.concatenate([episode["actions"][()] for episode in episodes])
        arrays["reward"] = np.concatenate([episode["rewards"][()] for episode in episodes])
    return arrays


def from_zarr(path):
    data = zarr.open_group(str(path), mode="r", zarr_format=2)["data"]
    return {name: array[:] for name, array in data.arrays()}


def test_four_formats_hold_the_same_numbers(tmp_path, episodes, joined):
    read = {
        "lerobot": from_lerobot(export_lerobot(tmp_path / "lerobot", iter(episodes), images="png")),
        "robomimic": from_robomimic(export_robomimic(tmp_path / "r.hdf5", iter(episodes))),
        "minari": from_minari(export_minari(tmp_path / "minari", iter(episodes), "ivg/kitchen/made-up-v0")),
        "zarr": from_zarr(export_replay_buffer(tmp_path / "z.zarr", iter(episodes))),
    }
    for name in NAMES:
        holders = [key for key in read if name in read[key]]
        assert set(read) - set(holders) <= ({"zarr"} if name in ("reward", "demo_plan") else set()), name
        for key in holders:
            values = read[key][name].reshape(joined[name].shape)
            assert values.dtype == joined[name].dtype, (key, name)
            np.testing.assert_array_equal(values, joined[name], f"{key} {name}")


def test_a_video_shows_the_same_pictures(tmp_path, episodes, joined):
    read = from_lerobot(export_lerobot(tmp_path / "lerobot", iter(episodes)))
    off = np.abs(read["image"].astype(int) - joined["image"])
    assert off.mean() < 3
    assert off.mean((1, 2, 3)).max() < 4, "every step has its own picture"


def test_png_comes_back_to_the_last_bit(tmp_path, episodes, same):
    path = export_lerobot(tmp_path / "lerobot", iter(episodes), images="png", camera="eye")
    for one, other in zip(episodes, lerobot_episodes(path), strict=True):
        same(one, other)


def test_a_video_comes_back_but_for_the_codec(tmp_path, episodes, same):
    path = export_lerobot(tmp_path / "lerobot", iter(episodes))
    for one, other in zip(episodes, lerobot_episodes(path), strict=True):
        same(one, other, pictures_within=3)


def test_robomimic_comes_back_to_the_last_bit(tmp_path, episodes, same):
    path = export_robomimic(tmp_path / "r.hdf5", iter(episodes))
    for one, other in zip(episodes, robomimic_episodes(path), strict=True):
        same(one, other)


@pytest.mark.parametrize("ending", [".zarr", ".zarr.zip"])
def test_a_copy_is_the_same_and_a_replay_buffer(tmp_path, dataset, episodes, same, ending):
    with EpisodeStore(dataset) as store:
        path = export_replay_buffer(tmp_path / f"copy{ending}", iter(store), attributes={"a": [1]})
    check_replay_buffer(path)
    with EpisodeStore(path) as copy:
        assert copy.attributes == {"a": [1]}
        for one, other in zip(episodes, copy, strict=True):
            same(one, other)


def test_lerobots_files_say_what_they_hold(tmp_path, episodes):
    path = export_lerobot(tmp_path / "lerobot", iter(episodes), robot="so100")
    info = json.loads((path / "meta" / "info.json").read_text())
    totals = {name: info[name] for name in ("total_episodes", "total_frames", "total_tasks", "fps", "robot_type")}
    expected = {"total_episodes": 3, "total_frames": 25, "total_tasks": 2, "fps": 20, "robot_type": "so100"}
    assert totals == expected
    assert info["codebase_version"] == "v3.0"
    assert info["splits"] == {"train": "0:3"}
    assert info["features"]["observation.images.front"]["shape"] == [40, 48, 3]
    assert len(info["features"]["observation.state"]["names"]) == 16
    files = {str(file.relative_to(path)) for file in path.rglob("*") if file.is_file()}
    assert {file for file in files if not file.startswith("meta/ivg")} == {
        "meta/info.json",
        "meta/stats.json",
        "meta/tasks.parquet",
        "meta/episodes/chunk-000/file-000.parquet",
        "data/chunk-000/file-000.parquet",
        "videos/observation.images.front/chunk-000/file-000.mp4",
    }
    rows = parquet.read_table(path / "meta" / "episodes").to_pylist()
    assert [row["dataset_to_index"] for row in rows] == [12, 17, 25]
    times = [row["videos/observation.images.front/from_timestamp"] for row in rows]
    np.testing.assert_allclose(times, [0, 0.6, 0.85])
    table = parquet.read_table(path / "data")
    assert table.column("task_index").to_pylist() == [0] * 12 + [1] * 5 + [0] * 8
    assert table.column("index").to_pylist() == list(range(25))


def test_full_files_are_followed_by_the_next(tmp_path, episodes, same, monkeypatch):
    from ivg.policy.datasets.exports.lerobot import files as lerobot_files

    monkeypatch.setattr(lerobot_files, "DATA_MB", 0)
    monkeypatch.setattr(lerobot_files, "VIDEO_S", 0.7)
    monkeypatch.setattr(lerobot_files, "CHUNKS_SIZE", 2)
    path = export_lerobot(tmp_path / "lerobot", iter(episodes))
    places = ["chunk-000/file-000", "chunk-000/file-001", "chunk-001/file-000"]
    data = path / "data"
    assert sorted(str(file.relative_to(data)) for file in data.rglob("*.parquet")) == [f"{p}.parquet" for p in places]
    videos = path / "videos" / "observation.images.front"
    assert sorted(str(file.relative_to(videos)) for file in videos.rglob("*.mp4")) == [f"{p}.mp4" for p in places[:2]]
    for one, other in zip(episodes, lerobot_episodes(path), strict=True):
        same(one, other, pictures_within=3)
