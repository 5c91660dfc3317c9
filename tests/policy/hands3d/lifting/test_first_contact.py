"""Where hands first touch: measured where it is known by hand."""

import numpy as np
import pytest

from ivg.policy.hands3d.training.first_contact import TOUCHING, TrueContact, summarise_contacts, visible_points
from ivg.policy.retargeting import gripper_trajectory


@pytest.fixture(scope="module")
def joints(human_clip):
    return human_clip.joints_world_m[:, 0 if human_clip.side == "left" else 1].astype(float)


@pytest.fixture(scope="module")
def truth(human_clip, joints):
    grasp = human_clip.grasp_point_world_m
    return TrueContact.of(joints, human_clip.contact, grasp, np.stack([grasp, grasp + 1]))


def test_a_mug_is_touched_by_the_pinch(truth, human_clip, joints):
    assert truth.touching == "pinch"
    contact = truth.at(joints, truth.frame)
    assert contact.frames_late == 0
    assert (
        contact.touch_to_grasp_mm == contact.pinch_to_grasp_mm == contact.touch_to_object_mm < 20
    )  # it has been lifted a little
    assert contact.touch_in_time_mm == contact.touch_to_grasp_mm >= contact.nearest_mm


def test_tips_and_pinch_are_distinguished(joints, human_clip):
    frame = int(human_clip.contact.argmax())
    grasp = joints[frame, list(TOUCHING["tips"])].mean(0)
    truth = TrueContact.of(joints, human_clip.contact, grasp, np.zeros((0, 3)))
    assert truth.touching == "tips"
    contact = truth.at(joints, frame)
    assert contact.touch_to_grasp_mm == pytest.approx(0, abs=1e-6)
    assert np.isnan(contact.touch_to_object_mm)


def test_a_hand_that_is_off_by_a_centimetre_is_measured_so(truth, joints):
    off = truth.at(joints + [0.01, 0, 0], truth.frame)
    at = truth.at(joints, truth.frame)
    assert abs(off.touch_to_grasp_mm - at.touch_to_grasp_mm) <= 10 + 1e-6
    late = truth.of_trajectory(joints, gripper_trajectory(joints))
    assert abs(late.frames_late) <= 1


def test_figures_count_clips_without_a_contact(truth, joints):
    figures = summarise_contacts([truth.at(joints, truth.frame), None])
    assert (figures["n"], figures["none"]) == (2, 1)
    assert figures["frames_late"]["median"] == 0
    assert np.isnan(summarise_contacts([None])["nearest_mm"]["median"])


def test_visible_points_lie_on_their_pixels_rays(camera):
    mask = np.zeros((128, 128), bool)
    mask[40, 70] = True
    (point,) = visible_points(np.full((128, 128), 0.7), mask, camera)
    local = (point - camera.T_world_camera[:3, 3]) @ camera.T_world_camera[:3, :3]
    assert local[2] == pytest.approx(0.7)
    np.testing.assert_allclose((camera.K @ local)[:2] / 0.7, [70.5, 40.5], atol=1e-9)
