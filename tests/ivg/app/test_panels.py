"""The panels as HTML: they show what there is, they can be played, they escape every text."""

import base64
import re
from io import BytesIO
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from ivg.app.panels import SIZE, TITLES, messages_html, panel_html, progress_html, trajectory_figures
from ivg.app.view import AppView, new_stages
from ivg.io.video import read_video
from ivg.policy import Demonstration
from ivg.policy.retargeting import gripper_trajectory
from ivg.policy.retargeting.refinement.contact import Contact
from ivg.types import Camera
from ivg.viz.execution_video import LAST_S
from ivg.workflows.demo import ContextFrame, RobotRun

NASTY = "<script>alert(1)</script> & ${1} {{x}}"


def context(colour=(90, 120, 60), size=(48, 64)):
    return ContextFrame(np.full((*size, 3), colour, np.uint8), NASTY, depth=np.full(size, 0.6, np.float32))


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
        trajectory=gripper_trajectory(joints),
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
    """The image that a panel holds."""
    (data,) = re.findall(r'src="data:image/png;base64,([^"]+)"', html)
    return np.asarray(Image.open(BytesIO(base64.b64decode(data))))


def view(text="x", **parts):
    return AppView(text, parts=parts)


def test_before_a_run_every_panel_says_what_will_be_there():
    for key, (_, title, note) in TITLES.items():
        html = panel_html(key, AppView())
        assert title in html
        assert note in html
        assert "data:" not in html
    assert messages_html(AppView()) == ""
    assert all(name in progress_html(AppView()) for name, *_ in TITLES.values())
    assert "Robot" not in progress_html(AppView(stages=new_stages(False, False)))


def test_progress_tells_time_and_steps():
    shown = AppView()
    stages = shown.stages
    stages["scene"].phase, stages["scene"].seconds = "done", 1.25
    stages["clip"].phase, stages["clip"].seconds, stages["clip"].done, stages["clip"].total = "running", 2.0, 3, 10
    html = progress_html(shown)
    for words in ("1.2 s", "3 of 10", "3.2 s in all"):
        assert words in html
    stages["clip"].phase = "stopped"
    assert "2.0 s, stopped" in progress_html(shown)


def test_every_text_is_escaped():
    shown = AppView(NASTY, message=NASTY, notices=(NASTY,), no_trajectory=NASTY)
    shown.parts = {"scene": context(), "robot": run(False, NASTY), "trajectory": extracted()}
    for html in (messages_html(shown), panel_html("scene", shown), panel_html("robot", shown)):
        assert "<script>" not in html
        assert "&lt;script&gt;" in html


def test_the_images_are_the_views():
    scene = shown(panel_html("scene", view(scene=context())))
    assert scene.shape == (SIZE * 48 // 64, SIZE, 3)
    assert (scene == (90, 120, 60)).all()
    html = panel_html("region", view(scene=context(), region=demonstration().region))
    assert "25% of the image" in html
    assert shown(html)[20, 20, 1] > shown(html)[-20, 20, 1]


def test_the_videos_can_be_played(tmp_path):
    made = demonstration()
    clip = played(panel_html("clip", view(clip=made.clip)), tmp_path)
    assert clip.frames.shape == made.clip.shape
    assert np.abs(clip.frames.astype(int) - made.clip).max() < 8
    html = panel_html("hands", view(hands=made))
    assert "a hand in 15 of 15 frames" in html
    tracks = played(html, tmp_path)
    assert (len(tracks.frames), tracks.fps) == (16, pytest.approx(8))
    robot = played(panel_html("robot", view(robot=run(), trajectory=extracted())), tmp_path)
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
    html = panel_html("robot", view(robot=outcome, trajectory=extracted()))
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
def test_the_figures_of_a_trajectory(cost, moved, words):
    figures = dict(trajectory_figures(extracted(cost, moved)))
    assert figures["Length"] == "15 cm"
    assert figures["Seen in"].startswith("16 of 16")
    assert figures["Interaction"].startswith("grasps")
    for part in words:
        assert part in " ".join(figures.values())


def test_the_trajectory_is_drawn_in_its_scene_with_its_figures():
    def scene_pixels(depth_m):
        frame = ContextFrame(np.full((48, 64, 3), (10, 200, 30), np.uint8), "x", depth=np.full((48, 64), depth_m))
        html = panel_html("trajectory", view(scene=frame, trajectory=extracted()))
        assert "the right hand" in html
        assert "15 cm" in html
        plot = shown(html)
        assert not plot[..., 3].all()  # transparent around it
        return ((np.abs(plot[..., :3].astype(int) - (10, 200, 30)).max(-1) < 40) & (plot[..., 3] > 0)).sum()

    assert scene_pixels(0.6) > 1000
    assert scene_pixels(9.0) < scene_pixels(0.6) / 10  # what is metres below is left out
