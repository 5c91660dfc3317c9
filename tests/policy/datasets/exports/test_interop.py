"""What we export is read back by the projects it is for, in environments of their own, and what they write by us.

`scripts/interop_environments.sh FOLDER` makes these environments and says which variables name them.
"""

import os
import subprocess
from pathlib import Path

import gymnasium
import numpy as np
import pytest

import ivg.envs
from ivg.policy.datasets.exports.lerobot.reader import lerobot_episodes
from ivg.policy.datasets.exports.lerobot.writer import export_lerobot
from ivg.policy.datasets.exports.minari import export_minari
from ivg.policy.datasets.exports.replay_buffer import check_replay_buffer, export_replay_buffer
from ivg.policy.datasets.exports.robomimic import export_robomimic

pytestmark = [pytest.mark.interop, pytest.mark.slow]

HOSTS = Path(__file__).parent / "hosts"


def run(host, *arguments):
    """Run a script with the Python that has a host library; return what it printed."""
    variable = f"IVG_INTEROP_{host.upper()}"
    python = os.environ.get(variable)
    if not python:
        pytest.skip(f"{variable} names no Python that has {host}: scripts/interop_environments.sh makes one")
    command = [python, "-W", "ignore", str(HOSTS / f"{host}_host.py"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout


@pytest.mark.parametrize("images", ["video", "png"])
def test_lerobot_reads_the_same_numbers(tmp_path, episodes, joined, images):
    path = export_lerobot(tmp_path / "lerobot", iter(episodes), images=images)
    run("lerobot", "read", path, tmp_path / "read.npz")
    read = np.load(tmp_path / "read.npz")
    for name in ("proprio", "action", "phase", "plan_phase", "demo_path", "demo_keypoints", "demo_plan", "reward"):
        np.testing.assert_array_equal(read[name], joined[name], name)
    off = np.abs(read["image"] * 255 - joined["image"]).mean()
    assert off < (0.01 if images == "png" else 3)
    assert (int(read["episodes"]), int(read["fps"])) == (3, 20)
    assert read["episode_index"].tolist() == [0] * 12 + [1] * 5 + [2] * 8
    assert read["index"].tolist() == list(range(25))
    assert read["frame_index"].tolist() == [*range(12), *range(5), *range(8)]
    np.testing.assert_allclose(read["timestamp"], read["frame_index"] / 20, atol=1e-6)
    assert np.flatnonzero(read["done"]).tolist() == [11, 16, 24]
    assert np.flatnonzero(read["success"]).tolist() == [11, 24]
    assert read["task"][[0, 12, 24]].tolist() == [episode.text for episode in episodes]
    np.testing.assert_allclose(read["action/mean"], joined["action"].mean(0), atol=1e-6)
    np.testing.assert_allclose(read["action/q90"], np.quantile(joined["action"], 0.9, axis=0), atol=1e-6)
    assert read["observation.images.front/mean"].shape == (3, 1, 1)


def test_lerobots_act_trains_on_it(tmp_path, episodes):
    path = export_lerobot(tmp_path / "lerobot", iter(episodes))
    told = run("lerobot", "train", path).split()
    assert {"observation.state", "observation.environment_state", "observation.images.front"} <= set(told)
    assert not any(name.startswith("demo.") for name in told)


def test_what_lerobot_writes_is_mapped_by_its_names(tmp_path):
    run("lerobot", "make", tmp_path / "foreign")
    read = list(lerobot_episodes(tmp_path / "foreign"))
    assert [len(episode) for episode in read] == [6, 6]
    episode = read[1]
    assert (episode.text, episode.task, episode.fps) == ("lift the cup", "lift_the_cup", 10.0)
    half = np.sqrt(0.5)
    np.testing.assert_allclose(episode.proprio[4, :8], [4, 2, 3, half, 0, 0, half, 0.5], atol=1e-6)
    np.testing.assert_allclose(episode.proprio[4, 8:], [4, 5, 6, 7, 8, 9, 10, 0.4], atol=1e-6)
    np.testing.assert_allclose(episode.action[:, 2], np.arange(6) / 10 - 0.3, atol=1e-6)
    assert episode.image.shape == (6, 64, 96, 3)
    grey = 40 + 20 * np.arange(6)
    assert np.abs(episode.image.mean((1, 2, 3)) - grey).max() < 6, "each step has its own picture"
    assert not episode.demo_present.any()


def test_robomimic_reads_the_same_numbers(tmp_path, episodes, joined):
    path = export_robomimic(tmp_path / "robomimic.hdf5", iter(episodes), valid=0.3)
    run("robomimic", path, tmp_path / "read.npz")
    read = np.load(tmp_path / "read.npz")
    for name in ("image", "proprio", "demo_path", "demo_keypoints", "demo_plan"):
        np.testing.assert_array_equal(read[name], joined[name], name)
        following = np.append(np.arange(1, 25), 24)
        following[[11, 16, 24]] = [11, 16, 24]
        np.testing.assert_array_equal(read[f"next/{name}"], joined[name][following], name)
    for name, expected in (("phase", "phase"), ("plan_phase", "plan_phase")):
        np.testing.assert_array_equal(read[name][:, 0], joined[expected])
    np.testing.assert_array_equal(read["actions"], joined["action"])
    np.testing.assert_array_equal(read["rewards"], joined["reward"])
    assert np.flatnonzero(read["dones"]).tolist() == [11, 16, 24]
    assert (int(read["train"]), int(read["valid"]), int(read["action_width"])) == (2, 1, 7)
    assert str(read["env_name"]) == "ivg/Kitchen-v0"


def test_minari_reads_the_same_numbers(tmp_path, episodes, joined):
    gymnasium.register_envs(ivg.envs)
    spec = gymnasium.spec("ivg/Kitchen-v0").to_json()
    export_minari(tmp_path / "root", iter(episodes), "ivg/kitchen/made-up-v0", env_spec=spec)
    run("minari", tmp_path / "root", "ivg/kitchen/made-up-v0", tmp_path / "read.npz")
    read = np.load(tmp_path / "read.npz")
    for name in ("image", "proprio", "demo_path", "demo_keypoints", "demo_plan"):
        np.testing.assert_array_equal(read[name], joined[name], name)
    np.testing.assert_array_equal(read["phase"][:, 0], joined["phase"])
    np.testing.assert_array_equal(read["actions"], joined["action"])
    np.testing.assert_array_equal(read["rewards"], joined["reward"])
    assert np.flatnonzero(read["terminations"]).tolist() == [11, 24]
    assert np.flatnonzero(read["truncations"]).tolist() == [16]
    assert (int(read["steps"]), int(read["episodes"])) == (25, 3)
    assert read["seeds"].tolist() == [0, 1, 2]
    assert read["texts"].tolist() == [episode.text for episode in episodes]
    assert str(read["environment"]) == "ivg/Kitchen-v0"


@pytest.mark.parametrize("ending", [".zarr", ".zarr.zip"])
def test_the_replay_buffers_rules_hold(tmp_path, episodes, ending):
    check_replay_buffer(export_replay_buffer(tmp_path / f"copy{ending}", iter(episodes)))
