"""The parts of `ivg-app`'s page as HTML: they show what there is, they can be played, they escape every text."""

import base64
import re
from io import BytesIO
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from ivg.app import panels
from ivg.app.media import FINE
from ivg.app.path import draw_path
from ivg.app.view import STAGES, AppView, Stage, ended_view, new_stages
from ivg.io.video import read_video
from ivg.policy import Demonstration
from ivg.policy.retargeting import gripper_trajectory
from ivg.policy.retargeting.refinement.contact import Contact
from ivg.types import Camera
from ivg.viz.execution_video import LAST_S
from ivg.workflows.context import ContextFrame
from ivg.workflows.demo_execution import RobotRun

NASTY = "<script>alert(1)</script> & ${1} {{x}}"


def context(colour=(90, 120, 60), size=(48, 64)):
    return ContextFrame(np.full((*size, 3), colour, np.uint8), NASTY, {})


def demonstration(size=(48, 64)):
    clip = np.broadcast_to(np.linspace(20, 200, 16).astype(np.uint8)[:, None, None, None], (16, *size, 3)).copy()
    keypoints = np.full((16, 2, 21, 2), np.nan, np.float32)
    keypoints[1:, 1] = np.linspace((0.2, 0.2), (0.6, 0.5), 21)
    region = np.zeros(size, bool)
    region[:12] = True
    return Demonstration(clip, region, keypoints, np.isfinite(keypoints).all((-1, -2)), fps=8)


def a_hand():
    """float32 (16, 21, 3), m: a hand that goes 15 cm to the right, 5 cm below the camera's axis."""
    joints = np.zeros((16, 21, 3), np.float32)
    joints[:, :, 2] = np.linspace(0.0, 0.08, 21)
    joints[:, 8, 0] += 0.06
    joints[:, :, 0] += np.linspace(-0.07, 0.08, 16)[:, None]
    return joints


def extracted(cost=2.0, moved=(0.01, 0.0, 0.0)):
    """A path under a camera that looks straight down on a level ground."""
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = np.diag([1.0, -1.0, -1.0]), (0, 0, 0.6)
    camera = Camera(np.array([[64.0, 0, 32], [0, 64, 24], [0, 0, 1]]), pose, 64, 48)
    joints = a_hand()
    return SimpleNamespace(
        demonstration=demonstration(),
        camera=camera,
        hand="right",
        path=gripper_trajectory(joints),
        joints_world_m=joints,
        contact=Contact(joints, "grasp", np.array(moved), np.radians(10.0), cost),
    )


def run(success=True, reason="", steps=10):
    phase = np.linspace(0, 1, steps + 1).astype(np.float32)
    return RobotRun(success, reason, np.full((steps + 1, 48, 64, 3), 90, np.uint8), phase, 20.0)


def played(html, tmp_path):
    """The film that a panel holds."""
    (data,) = re.findall(r'src="data:video/mp4;base64,([^"]+)"', html)
    (tmp_path / "film.mp4").write_bytes(base64.b64decode(data))
    return read_video(tmp_path / "film.mp4")


def shown(html):
    """The picture that a panel holds."""
    (data,) = re.findall(r'src="data:image/png;base64,([^"]+)"', html)
    return np.asarray(Image.open(BytesIO(base64.b64decode(data))))


def test_before_a_run_every_panel_says_what_will_be_there():
    draw = (panels.scene_html, panels.region_html, panels.clip_html, panels.hands_html, panels.path_html)
    for html, (title, note) in zip((part(AppView()) for part in draw), panels.PANELS.values(), strict=False):
        assert title in html
        assert note in html
        assert "data:" not in html
    assert panels.messages_html(AppView()) == ""
    assert all(name in panels.progress_html(AppView()) for name in STAGES.values())


def test_progress_tells_time_and_steps():
    view = AppView(stages=new_stages()).with_stage("scene", phase="done", seconds=1.25)
    view = view.with_stage("clip", phase="running", seconds=2.0, done=3, total=10)
    html = panels.progress_html(view)
    assert "1.2 s" in html
    assert "3 of 10" in html
    assert "3.2 s in all" in html
    stopped = panels.progress_html(ended_view(view, stopped=True))
    assert "2.0 s, stopped" in stopped
    assert 'class="running"' not in stopped


def test_a_picture_has_fewer_stages():
    assert set(new_stages()) - set(new_stages(scene=False)) == {"path", "robot"}
    assert set(new_stages()) - set(new_stages(robot=False)) == {"robot"}
    assert AppView(stages={}).with_stage("robot", phase="done").stages == {}
    assert "Robot" not in panels.progress_html(AppView(stages=new_stages(scene=False)))


def test_every_text_is_escaped():
    view = AppView(NASTY, context=context(), message=NASTY, notices=(NASTY,), no_path=NASTY)
    view = view.changed(run=run(False, NASTY), extracted=extracted())
    for part in (panels.messages_html, panels.scene_html, panels.robot_html):
        html = part(view)
        assert "<script>" not in html
        assert "&lt;script&gt;" in html


def test_the_pictures_are_the_views():
    scene = shown(panels.scene_html(AppView(context=context())))
    assert scene.shape == (FINE * 48 // 64, FINE, 3)
    assert (scene == (90, 120, 60)).all()
    made = demonstration()
    html = panels.region_html(AppView(context=context(), region=made.region))
    assert "25% of the picture" in html
    assert shown(html)[20, 20, 1] > shown(html)[-20, 20, 1]


def test_the_films_can_be_played(tmp_path):
    made = demonstration()
    clip = played(panels.clip_html(AppView(clip=made.clip)), tmp_path)
    assert clip.frames.shape == made.clip.shape
    assert np.abs(clip.frames.astype(int) - made.clip).max() < 8
    html = panels.hands_html(AppView(demonstration=made))
    assert "a hand in 15 of 15 frames" in html
    tracks = played(html, tmp_path)
    assert len(tracks.frames) == 16
    assert tracks.fps == pytest.approx(8)
    robot = played(panels.robot_html(AppView("x", run=run(), extracted=extracted())), tmp_path)
    assert len(robot.frames) == 11 + round(20 * LAST_S)


@pytest.mark.parametrize(
    ("outcome", "kind", "words"),
    [
        (run(), "success", "The robot did it in 0.5 s"),
        (run(False, "time was up"), "failure", "Time was up"),
        (run(None, "nobody judges"), "unknown", "Nobody judges"),
    ],
)
def test_the_verdict(outcome, kind, words):
    html = panels.robot_html(AppView("x", run=outcome, extracted=extracted()))
    assert f'class="ivg-verdict {kind}"' in html
    assert words in html


@pytest.mark.parametrize(
    ("cost", "moved", "words"),
    [
        (2.0, (0.01, 0, 0), ("cost 2.0: good", "by 1.0 cm, turned by 10°")),
        (9.0, (0.0, 0.02, 0), ("cost 9.0: poor", "by 2.0 cm")),
        (20.0, (0.0, 0, 0), ("touches nothing",)),
    ],
)
def test_the_figures_of_a_path(cost, moved, words):
    figures = dict(panels.path_figures(extracted(cost, moved)))
    assert figures["Way of the hand"] == "15 cm"
    assert figures["Seen in"].startswith("16 of 16")
    assert figures["Interaction"].startswith("grasps")
    for part in words:
        assert part in " ".join(figures.values())


def test_the_path_is_drawn_in_its_scene():
    green = context((10, 200, 30)).frame
    picture = draw_path(extracted(), green, np.full((48, 64), 0.6, np.float32))
    seen = picture[..., 3] > 0
    assert not seen.all()  # transparent round it
    scene = (np.abs(picture[..., :3].astype(int) - (10, 200, 30)).max(-1) < 40) & seen
    assert scene.sum() > 1000
    elsewhere = draw_path(extracted(), green, np.full((48, 64), 9.0, np.float32))
    far = (np.abs(elsewhere[..., :3].astype(int) - (10, 200, 30)).max(-1) < 40) & (elsewhere[..., 3] > 0)
    assert far.sum() < scene.sum() / 10  # what is metres below is left out


def test_stages_are_values():
    assert Stage() == Stage()
    view = AppView(stages=new_stages())
    assert view.with_stage("scene", phase="done").stages["scene"].phase == "done"
    assert view.stages["scene"].phase == "waiting"
