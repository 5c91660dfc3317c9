"""Recordings for rerun: read back, they hold what the dataset holds."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from ivg.errors import InputError
from ivg.policy.datasets import DemonstrationStore
from ivg.policy.datasets.viewing.dataset import ViewedDataset
from ivg.policy.datasets.viewing.recording import fingers, opening_rgba, record_episodes

WITHOUT = "rerun-sdk is not installed (pip install 'ivg[rerun]')"


@pytest.fixture(scope="module")
def rerun():
    return pytest.importorskip("rerun", reason=WITHOUT, exc_type=ImportError)


@pytest.fixture(scope="module")
def recorded(rerun, episodes, tmp_path_factory):
    path = tmp_path_factory.mktemp("recording") / "robot.rrd"
    with ViewedDataset(episodes) as dataset:
        record_episodes(dataset, [0, 2], path)
    return path


def rows(rerun, path, entity, column):
    """The values of an entity's column in the order of time, those that are there."""
    view = rerun.dataframe.load_recording(str(path)).view(index="time", contents=entity)
    return [row for row in view.select().read_all().column(f"{entity}:{column}").to_pylist() if row is not None]


def test_the_file_is_whole(rerun, recorded):
    command = Path(sys.executable).with_name("rerun")
    done = subprocess.run([command, "rrd", "verify", recorded], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "verified without error" in done.stdout + done.stderr


def test_numbers_are_those_of_the_dataset(rerun, recorded, made):
    both = [made[0], made[2]]
    for entity, true in {
        "/scalars/phase": np.concatenate([episode.phase for episode in both])[:, None],
        "/scalars/opening": np.concatenate([episode.proprio[:, 7] for episode in both])[:, None],
        "/action": np.concatenate([episode.action for episode in both]),
        "/joints": np.concatenate([episode.proprio[:, 8:15] for episode in both]),
    }.items():
        np.testing.assert_allclose(rows(rerun, recorded, entity, "Scalar"), true, atol=1e-6, err_msg=entity)
    places = np.array(rows(rerun, recorded, "/world/robot/now", "Position3D"))[:, 0]
    np.testing.assert_allclose(places, np.concatenate([episode.proprio[:, :3] for episode in both]), atol=1e-6)


def test_every_picture_and_every_frame_is_there(rerun, recorded, made):
    assert len(rows(rerun, recorded, "/robot/image", "Blob")) == len(made[0]) + len(made[2])
    assert len(rows(rerun, recorded, "/clip", "Blob")) == 32
    joints = rows(rerun, recorded, "/clip/right/joints", "Position2D")
    true = made[0].demo_keypoints[3:, 1] * 20
    np.testing.assert_allclose(joints[:13], true, atol=1e-4)


def test_paths_are_there_for_every_episode(rerun, recorded, made):
    for name, field in (("plan", "demo_plan"), ("path", "demo_path")):
        pieces = rows(rerun, recorded, f"/world/{name}", "LineStrip3D")
        for strips, episode in zip(pieces, (made[0], made[2]), strict=True):
            np.testing.assert_allclose(np.array(strips)[:, 0], getattr(episode, field)[:-1, :3], atol=1e-6)
            np.testing.assert_allclose(np.array(strips)[:, 1], getattr(episode, field)[1:, :3], atol=1e-6)


def test_demonstrations_are_recorded_with_their_regions(rerun, demonstrations, tmp_path):
    path = tmp_path / "demos.rrd"
    with ViewedDataset(demonstrations) as dataset:
        record_episodes(dataset, [0, 1], path)
    with DemonstrationStore(demonstrations) as store:
        masks = [mask for shown in store for mask in shown.region_per_frame if mask.any()]
    edges = [strips for strips in rows(rerun, path, "/clip/region", "LineStrip2D") if strips]
    assert len(edges) == len(masks)
    for strips, mask in zip(edges, masks, strict=True):
        y, x = np.nonzero(mask)
        points = np.concatenate([np.array(strip) for strip in strips])
        np.testing.assert_allclose(points.min(0), [x.min() + 0.5, y.min() + 0.5], atol=0.01)
        np.testing.assert_allclose(points.max(0), [x.max() + 0.5, y.max() + 0.5], atol=0.01)
    texts = [row[0] for row in rows(rerun, path, "/about", "Text")]
    assert texts[0].startswith("# cut\\_carrot please")
    assert "stir_pot" in texts[1]


def test_a_recording_is_there_whole_or_not_at_all(rerun, episodes, tmp_path):
    target = tmp_path / "robot.rrd"
    with ViewedDataset(episodes) as dataset:
        with pytest.raises(InputError, match="no episode to show"):
            record_episodes(dataset, [], target)
        with pytest.raises(ValueError, match="there is no episode 9"):
            record_episodes(dataset, [0, 9], target)
        assert not list(tmp_path.iterdir())
        target.write_text("mine")
        with pytest.raises(InputError, match="exists already"):
            record_episodes(dataset, [0], target)
        assert target.read_text() == "mine"


def test_without_rerun_the_message_says_what_to_install(episodes, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "rerun", None)
    with ViewedDataset(episodes) as dataset, pytest.raises(InputError, match=r"pip install 'ivg\[rerun\]'"):
        record_episodes(dataset, [0], tmp_path / "robot.rrd")
    assert not list(tmp_path.iterdir())


def test_fingers_close_along_y_and_point_along_z():
    turn = Rotation.random(random_state=3)
    pose = np.array([0.1, 0.2, 0.3, *turn.as_quat()[[3, 0, 1, 2]], 0.5], np.float32)
    points = turn.inv().apply(fingers(pose) - pose[:3])
    np.testing.assert_allclose(points[:, 0], 0, atol=1e-6)
    assert points[0, 1] > 0 > points[3, 1]
    np.testing.assert_allclose(points[[0, 3], 2], 0, atol=1e-6)
    assert (points[1:3, 2] < 0).all()
    shut = fingers(np.array([0.1, 0.2, 0.3, *pose[3:7], 0], np.float32))
    assert np.linalg.norm(shut[0] - shut[3]) < np.linalg.norm(points[0] - points[3])


def test_openings_have_colours():
    assert [hex(value) for value in opening_rgba(np.array([-1.0, 0.0, 1.0, 2.0]))] == [
        "0xe8590cff",
        "0xe8590cff",
        "0x1971c2ff",
        "0x1971c2ff",
    ]
