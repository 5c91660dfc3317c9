"""``ivg-policy``: extraction from a file, a lifter trained and judged, refusals."""

import json

import numpy as np
import pytest

from ivg.cli.policy import main
from ivg.data.clip_record import ClipRecord
from ivg.data.clip_store import ClipStore
from ivg.errors import StoreError
from ivg.io.video import write_video
from ivg.jobs import Processes
from ivg.policy.hands3d.lifting import HandLifter
from ivg.types import HandTracks
from ivg.workflows.clips.context_depth import ContextDepth
from ivg.workflows.policies import lifter_generated


@pytest.fixture(scope="module")
def clip(drawer_clip):
    return drawer_clip


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
            info={"task": clip.task, "side": clip.side, "scene": [clip.task, clip.seed], "source": "kitchen"},
            gt_keypoints=clip.keypoints,
            joints_world_m=clip.joints_world_m,
            contact=clip.contact,
            grasp_point=clip.grasp_point_world_m,
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
    off = np.linalg.norm(path[:, :3] - clip.gripper_trajectory[:, :3], axis=-1)
    assert np.isfinite(off[clip.contact]).mean() > 0.8
    assert np.nanmedian(off[clip.contact]) < 0.012


def test_extract_lifts_by_pnp_where_no_lifter_knows_the_camera(clip, video, tmp_path, capsys):
    place = clip.T_world_camera.copy()
    place[0, 3] += 1
    camera, depth = tmp_path / "camera.json", tmp_path / "depth.npy"
    values = {"K": clip.camera_K.tolist(), "T_world_camera": place.tolist(), "width": 128, "height": 128}
    camera.write_text(json.dumps(values))
    np.save(depth, np.full((64, 64), 0.7, np.float32))
    arguments = ["extract", str(video), "--out", str(tmp_path), "--camera", str(camera)]
    assert main(arguments) == 2
    assert "--lifter pnp" in capsys.readouterr().err
    report = tmp_path / "report.json"
    assert main([*arguments, "--lifter", "pnp", "--depth", str(depth), "--json", str(report)]) == 0
    figures = json.loads(report.read_text())["lifting"]
    assert figures["method"] == "pnp"
    assert figures["depth_correction"]["rest_m"] > 0
    with np.load(tmp_path / "drawer.npz") as arrays:
        off = arrays["gripper_path"][:, :3] - clip.gripper_trajectory[:, :3] - np.float32([1, 0, 0])
        assert arrays["contact"].dtype == bool
    assert np.nanmedian(np.linalg.norm(off, axis=-1)) < 0.1
    assert main([*arguments, "--depth", str(depth)]) == 2
    assert "depth is for the lifter pnp" in capsys.readouterr().err


@pytest.mark.parametrize("depth", ["none.npy", "text.npy", "flat.npy"])
def test_depths_that_are_none_are_refused(video, clip, tmp_path, capsys, depth):
    (tmp_path / "text.npy").write_text("nonsense")
    np.save(tmp_path / "flat.npy", np.ones(4, np.float32))
    camera = tmp_path / "camera.json"
    values = {"K": clip.camera_K.tolist(), "T_world_camera": clip.T_world_camera.tolist(), "width": 128, "height": 128}
    camera.write_text(json.dumps(values))
    arguments = ["extract", str(video), "--out", str(tmp_path), "--camera", str(camera), "--lifter", "pnp"]
    assert main([*arguments, "--depth", str(tmp_path / depth)]) == 2
    assert depth in capsys.readouterr().err


def test_pnp_is_judged_with_the_depth_of_the_scene(store, tmp_path, capsys):
    figures = tmp_path / "figures.json"
    assert main(["evaluate-lifter", "--method", "pnp", "--store", str(store), "--json", str(figures)]) == 0
    printed = capsys.readouterr().out
    assert "target 40 mm" in printed
    assert "contact_frames, corrected by the context's depth" in printed
    values = json.loads(figures.read_text())
    assert 0 < values["depth"]["all"]["pinch_mm"]["median"] < 100
    assert values["depth"]["frames"] > 0.5


def test_a_scene_that_is_not_the_clips_is_refused(clip):
    with ContextDepth(128) as contexts:
        info = {"scene": [clip.task, clip.seed]}
        depth = contexts(info, clip.frames[0])
        assert depth.shape == (128, 128)
        assert 0.3 < depth.min() < depth.max() < 6
        with pytest.raises(StoreError, match="looks different"):
            contexts({"scene": [clip.task, clip.seed + 1]}, clip.frames[0])
        with pytest.raises(StoreError, match="no scene"):
            contexts({"source": "video"}, clip.frames[0])


@pytest.mark.usefixtures("in_process")
def test_first_contacts_of_true_and_of_generated_clips_are_told(clip, tmp_path, monkeypatch):
    """The generator gives the true clip back, so that its rows must be the same."""
    asked = []

    def gives_back(launcher, make_worker, prompts, progress):
        asked.append(prompts)
        store = ClipStore.open(make_worker.args[1])
        records = [store.read(prompt.index) for prompt in prompts]
        return [HandTracks(record.keypoints, record.present, record.score) for record in records]

    monkeypatch.setattr(lifter_generated, "all_results", gives_back)
    lifter = HandLifter.from_pretrained("kitchen")
    contacts = lifter_generated.evaluate_generated(
        lifter, 2, cache=tmp_path, launcher=Processes(1), seed_offset=1_000_000, steps=1, samples=3
    )
    figures = contacts.as_json
    assert figures["generated"] == figures["true_clip"]
    assert figures["truth"]["touch_to_grasp_mm"]["median"] < 20
    assert figures["truth"]["frames_late"]["p90"] == 0
    assert figures["moved"]["none"] == 0
    assert figures["moved"]["touch_to_grasp_mm"]["median"] < 20
    assert [row["seed"] for row in figures["clips"]] == [1_000_000, 1_000_001]
    assert figures["chosen"] == figures["moved"]  # a clip that is no better does not take its place
    assert all(prompt.seed is None for prompt in asked[0])
    again = [prompt for prompts in asked[1:] for prompt in prompts]
    assert all(prompt.seed not in (None, 1_000_000, 1_000_001) for prompt in again)
    lines = contacts.report.splitlines()
    assert "target 12 mm" in lines[-1]
    assert any("cut_carrot" in line for line in lines)


@pytest.mark.slow
@pytest.mark.usefixtures("in_process")
def test_generated_clips_are_judged(tmp_path, capsys):
    figures = tmp_path / "figures.json"
    options = ["--steps", "2", "--workers", "1", "--cache", str(tmp_path), "--json", str(figures)]
    assert main(["evaluate-lifter", "--generated", "1", *options]) == 0
    assert "target 12 mm" in capsys.readouterr().out
    assert json.loads(figures.read_text())["generated"]["n"] == 1


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
    assert main([*judge, "--plot", str(picture)]) == 0
    printed = capsys.readouterr().out
    assert "target 6 mm" in printed
    assert "the object's position known" in printed
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


def test_requests_that_do_not_go_together_are_refused(store, capsys):
    assert main(["evaluate-lifter", "--generated", "1", "--method", "pnp"]) == 2
    assert "leave --method" in capsys.readouterr().err
    assert main(["evaluate-lifter", "--generated", "0"]) == 2
    assert "clips must be positive" in capsys.readouterr().err


def test_what_is_missing_is_named(tmp_path, capsys):
    assert main(["extract", str(tmp_path / "no.mp4"), "--out", str(tmp_path)]) == 2
    assert "no.mp4" in capsys.readouterr().err
    assert main(["evaluate-lifter", "--store", str(tmp_path / "no")]) == 2
    assert "no clip store" in capsys.readouterr().err
