"""``ivg-policy``: extraction from a file, a lifter trained and judged, refusals."""

import json

import numpy as np
import pytest

from ivg.cli.policy import main
from ivg.data.clip_store import ClipRecord, ClipStore
from ivg.envs.human import HumanDemonstrator
from ivg.video import write_video


@pytest.fixture(scope="module")
def clip():
    demonstrator = HumanDemonstrator(128)
    clip = demonstrator.render("open_drawer", 3)
    demonstrator.close()
    return clip


@pytest.fixture(scope="module")
def video(clip, tmp_path_factory):
    path = tmp_path_factory.mktemp("policy") / "drawer.mp4"
    write_video(path, clip.frames, 8)
    return path


@pytest.fixture(scope="module")
def store(clip, tmp_path_factory):
    path = tmp_path_factory.mktemp("policy") / "store"
    store = ClipStore.create(path, count=3, size=128, fps=8, source="test")
    present = np.isfinite(clip.keypoints).all((2, 3)) & (clip.visible > 0)
    for index in range(3):
        record = ClipRecord(
            frames=clip.frames,
            keypoints=np.where(present[..., None, None], clip.keypoints, np.float32(np.nan)),
            present=present,
            score=present.astype(np.float32),
            info={"task": clip.task, "side": clip.side},
            gt_keypoints=clip.keypoints,
            joints_world_m=clip.joints_world_m,
            contact=clip.contact,
            K=clip.camera_K,
            T_world_camera=clip.T_world_camera,
        )
        store.write(index, record)
    return path


def test_extract_gives_tracks_metres_and_a_gripper_path(clip, video, tmp_path, capsys):
    camera = tmp_path / "camera.json"
    values = {"K": clip.camera_K.tolist(), "T_world_camera": clip.T_world_camera.tolist(), "width": 128, "height": 128}
    camera.write_text(json.dumps(values))
    report = tmp_path / "report.json"
    arguments = ["extract", str(video), "--out", str(tmp_path), "--camera", str(camera), "--json", str(report)]
    assert main(arguments) == 0
    assert "hand found in" in capsys.readouterr().out
    figures = json.loads(report.read_text())
    assert figures["lifting"]["hand"] == clip.side
    assert (tmp_path / "drawer.png").stat().st_size > 1000
    with np.load(tmp_path / "drawer.npz") as arrays:
        assert arrays["keypoints"].shape == (16, 2, 21, 2)
        path = arrays["gripper_path"]
    off = np.linalg.norm(path[:, :3] - clip.gripper_path[:, :3], axis=-1)
    assert np.isfinite(off[clip.contact]).mean() > 0.8
    assert np.nanmedian(off[clip.contact]) < 0.012


def test_extract_without_a_camera_gives_tracks(video, tmp_path):
    assert main(["extract", str(video), "--out", str(tmp_path), "--frames", "9", "--max-gap", "1"]) == 0
    with np.load(tmp_path / "drawer.npz") as arrays:
        assert arrays["present"].shape == (9, 2)
        assert "gripper_path" not in arrays


def test_a_lifter_is_trained_and_judged(store, tmp_path, capsys):
    lifter, figures = tmp_path / "lifter", tmp_path / "figures.json"
    train = ["train-lifter", "--store", str(store), "--out", str(lifter), "--steps", "2", "--batch-size", "2"]
    assert main(train) == 0
    assert main(train) == 2
    assert "exists already" in capsys.readouterr().err
    picture = tmp_path / "errors.png"
    judge = ["evaluate-lifter", "--store", str(store), "--lifter", str(lifter), "--json", str(figures)]
    assert main([*judge, "--picture", str(picture)]) == 0
    assert "bar 6 mm" in capsys.readouterr().out
    found = json.loads(figures.read_text())["found"]
    assert found["contact"]["pinch_mm"]["median"] > 0
    assert set(found["tasks"]) == {"open_drawer"}
    assert picture.stat().st_size > 1000


@pytest.mark.parametrize(
    ("content", "complaint"),
    [("{}", "must hold K"), ("nonsense", "must hold K"), ('{"K": 1, "T_world_camera": 1}', "must hold K")],
)
def test_cameras_that_say_too_little_are_refused(video, tmp_path, capsys, content, complaint):
    camera = tmp_path / "camera.json"
    camera.write_text(content)
    assert main(["extract", str(video), "--out", str(tmp_path), "--camera", str(camera)]) == 2
    assert complaint in capsys.readouterr().err


def test_what_is_missing_is_named(tmp_path, capsys):
    assert main(["extract", str(tmp_path / "no.mp4"), "--out", str(tmp_path)]) == 2
    assert "no.mp4" in capsys.readouterr().err
    assert main(["evaluate-lifter", "--store", str(tmp_path / "no")]) == 2
    assert "no clip store" in capsys.readouterr().err
