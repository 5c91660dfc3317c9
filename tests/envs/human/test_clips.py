"""Clips of every task: determinism, ground truth, and the state that they end in."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest

from ivg.envs.errors import EnvsError
from ivg.envs.human.acts import CHOREOGRAPHIES, choreograph
from ivg.envs.human.clip import HumanClip
from ivg.envs.human.demonstrator import HumanDemonstrator
from ivg.envs.human.style import draw_style
from ivg.envs.kitchen.scene.scene import sample_scene
from ivg.envs.kitchen.state import StirCounter, read_state
from ivg.envs.kitchen.tasks import TASKS

ALL = list(TASKS)
PARENTS = [0, 0, 1, 2, 3, 0, 5, 6, 7, 0, 9, 10, 11, 0, 13, 14, 15, 0, 17, 18, 19]
TWO_HANDED = ("cut_carrot", "stir_pot")


def acting(clip: HumanClip) -> int:
    return 0 if clip.side == "left" else 1


def test_every_task_has_a_choreography() -> None:
    assert set(CHOREOGRAPHIES) == set(TASKS)


@pytest.mark.parametrize("task", ALL)
def test_shapes_types_and_ranges(task: str, clips: dict[str, HumanClip]) -> None:
    clip = clips[task]
    assert clip.frames.shape == (16, 96, 96, 3)
    assert clip.frames.dtype == np.uint8
    assert clip.keypoints.shape == (16, 2, 21, 2)
    assert clip.joints_world_m.shape == (16, 2, 21, 3)
    assert {clip.keypoints.dtype, clip.joints_world_m.dtype, clip.visible.dtype} == {np.dtype(np.float32)}
    assert clip.labels.shape == (16, 96, 96)
    assert clip.hand_masks.shape == (16, 2, 96, 96)
    assert clip.gripper_trajectory.shape == (16, 8)
    assert np.linalg.norm(clip.gripper_trajectory[:, 3:7], axis=1) == pytest.approx(1.0, abs=1e-5)
    assert np.all((clip.gripper_trajectory[:, 7] >= 0) & (clip.gripper_trajectory[:, 7] <= 1))
    assert clip.text in TASKS[task].texts
    assert clip.fps == 8


@pytest.mark.parametrize("task", ALL)
def test_first_frame_shows_no_hand_and_later_ones_do(task: str, clips: dict[str, HumanClip]) -> None:
    clip = clips[task]
    assert not clip.hand_masks[0].any()
    assert np.isnan(clip.keypoints[0]).all()
    assert np.all(clip.visible[0] == 0)
    assert np.all(clip.visible[6:, acting(clip)] >= 0.5)
    assert (~np.isnan(clip.keypoints[1:, :, 0, 0])).sum(axis=1).tolist() == [2 if task in TWO_HANDED else 1] * 15


@pytest.mark.parametrize("task", ALL)
def test_joints_lie_on_the_hand_s_mask(task: str, clips: dict[str, HumanClip]) -> None:
    """Where nothing hides the hand; a joint may miss its mask by a pixel."""
    clip = clips[task]
    hand = acting(clip)
    for frame in range(6, 16):
        masks = clip.hand_masks[frame].any(axis=0) | (clip.labels[frame] >= 3)
        points = np.floor(clip.keypoints[frame, hand] * 96).astype(int)
        inside = np.all((points >= 1) & (points < 95), axis=1)
        near = [masks[y - 1 : y + 2, x - 1 : x + 2].any() for x, y in points[inside]]
        assert np.mean(near) >= 0.85


@pytest.mark.parametrize("task", ALL)
def test_bones_keep_their_lengths_and_joints_stay_above_the_counter(task: str, clips: dict[str, HumanClip]) -> None:
    joints = clips[task].joints_world_m[1:, acting(clips[task])]
    lengths = np.linalg.norm(joints - joints[:, PARENTS], axis=-1)
    assert np.ptp(lengths, axis=0) == pytest.approx(0.0, abs=1e-5)
    assert joints[..., 2].min() > -0.012


@pytest.mark.parametrize("task", ALL)
def test_no_joint_jumps(task: str, clips: dict[str, HumanClip]) -> None:
    joints = clips[task].joints_world_m[1:, acting(clips[task])]
    assert np.linalg.norm(np.diff(joints, axis=0), axis=-1).max() < 0.28


@pytest.mark.parametrize("task", ALL)
def test_gripper_is_between_thumb_and_index_finger(task: str, clips: dict[str, HumanClip]) -> None:
    clip = clips[task]
    joints = clip.joints_world_m[1:, acting(clip)]
    assert clip.gripper_trajectory[1:, :3] == pytest.approx((joints[:, 4] + joints[:, 8]) / 2, abs=1e-5)
    distance = np.linalg.norm(joints[:, 4] - joints[:, 8], axis=1)
    assert clip.gripper_trajectory[1:, 7] == pytest.approx(np.minimum(distance / (0.11 * clip.hand_scale), 1), abs=1e-4)


@pytest.mark.parametrize("task", ALL)
def test_contact_begins_at_the_object(task: str, clips: dict[str, HumanClip]) -> None:
    clip = clips[task]
    assert clip.contact.any()
    first = int(clip.contact.argmax())
    assert 4 <= first <= 7
    tips = clip.joints_world_m[first, acting(clip), [4, 8, 12]]
    assert np.linalg.norm(tips - clip.grasp_point_world_m, axis=1).min() < 0.07
    assert clip.object_pose[0] == pytest.approx(clip.object_pose[3], abs=1e-5)


@pytest.mark.parametrize("task", ALL)
def test_the_performance_succeeds_by_the_task_s_own_rule(task: str, demonstrator: HumanDemonstrator) -> None:
    for seed in (3, 4):
        stage = demonstrator.stage(task, seed)
        plan, stirred = choreograph(task, stage), StirCounter()
        assert not TASKS[task].success(read_state(stage.model, stage.data), stage.scene)
        for time in np.arange(0.25, 15.01, 0.25):
            demonstrator.pose(plan, float(time))
            spoon = [stage.data.joint(f"spoon_{axis}").qpos[0] for axis in "xy"]
            stirred.update(np.array(spoon))
        state = read_state(stage.model, stage.data, stirred.angle_rad)
        assert TASKS[task].success(state, stage.scene)


def test_same_task_and_seed_give_the_same_bytes(demonstrator: HumanDemonstrator, clips: dict[str, HumanClip]) -> None:
    again = demonstrator.render("wipe_counter", clips["wipe_counter"].seed)
    for name, value in vars(clips["wipe_counter"]).items():
        np.testing.assert_array_equal(getattr(again, name), value, err_msg=name)


def test_first_frame_is_the_environment_s_picture(demonstrator: HumanDemonstrator) -> None:
    for task in ("cut_carrot", "turn_on_stove"):
        env = gymnasium.make("ivg/Kitchen-v0", task=TASKS[task].sentence, camera_size=96)
        picture = env.reset(seed=5)[0]["image"]
        env.close()
        np.testing.assert_array_equal(demonstrator.render(task, 5).frames[0], picture)


def test_task_can_be_done_in_the_scene_of_another(demonstrator: HumanDemonstrator) -> None:
    scene = sample_scene("push_plate", 8)
    foreign = demonstrator.render("turn_on_stove", 8, scene)
    np.testing.assert_array_equal(foreign.frames[0], demonstrator.render("push_plate", 8).frames[0])
    assert (foreign.task, foreign.object_name) == ("turn_on_stove", "knob")


def test_styles_vary_and_right_hands_are_the_majority() -> None:
    styles = [draw_style("push_plate", seed) for seed in range(300)]
    assert 0.6 < np.mean([style.side == "right" for style in styles]) < 0.8
    tones = np.array([style.skin_rgb.mean() for style in styles])
    assert tones.min() < 0.35 < 0.7 < tones.max()
    assert np.ptp([style.shape.scale for style in styles]) > 0.2


@pytest.mark.parametrize(("task", "seed", "message"), [("cut_carot", 0, "cut_carrot"), ("push_plate", -1, "-1")])
def test_wrong_values_are_named(demonstrator: HumanDemonstrator, task: str, seed: int, message: str) -> None:
    with pytest.raises(EnvsError, match=message):
        demonstrator.render(task, seed)


def test_absurd_frame_sizes_are_refused() -> None:
    with pytest.raises(EnvsError, match="size 7"):
        HumanDemonstrator(size=7)
