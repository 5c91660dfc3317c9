"""Long thin things in images painted under a known camera."""

import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from ivg.policy.retargeting.grasp_view import grasp_view
from ivg.types import Camera

SIZE, HEIGHT_M = 256, 0.02
POINT = np.array([0.05, 0.03, HEIGHT_M])
TABLE, THING = (200, 200, 190), (30, 60, 160)


@pytest.fixture(scope="module", params=[0.0, 0.7], ids=["from above", "aslant"])
def camera(request):
    """Looks at the origin from 0.6 m."""
    turn = Rotation.from_euler("x", request.param).as_matrix() @ np.diag([1.0, -1, -1])
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = turn, -0.6 * turn[:, 2]
    focal = 300.0
    return Camera(np.array([[focal, 0, SIZE / 2], [0, focal, SIZE / 2], [0, 0, 1]]), pose, SIZE, SIZE)


def paint(camera, middle, angle, length, width, size=SIZE):
    """Picture of a rectangle that lies level at the point's height, its long axis at an angle about z."""
    along, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    signs = [(1, 1), (1, -1), (-1, -1), (-1, 1)]
    corners = [middle + 0.5 * (a * length * along + b * width * across) for a, b in signs]
    world = np.column_stack([corners, np.full(4, HEIGHT_M), np.ones(4)])
    seen = (camera.K @ (np.linalg.inv(camera.T_world_camera) @ world.T)[:3]).T
    pixels = seen[:, :2] / seen[:, 2:] * size / SIZE
    frame = np.full((size, size, 3), TABLE, np.uint8)
    cv2.fillConvexPoly(frame, np.round(pixels * 256).astype(np.int32), THING, lineType=cv2.LINE_AA, shift=8)
    return frame


@pytest.mark.parametrize("angle", [0.0, 0.6, 1.8, -0.9])
def test_a_thin_rectangle_is_found(camera, angle):
    across = np.array([-np.sin(angle), np.cos(angle)])
    frame = paint(camera, POINT[:2] + 0.006 * across, angle, 0.1, 0.025)
    view = grasp_view(frame, camera, POINT)
    assert abs((view.across_rad - angle) % np.pi - np.pi / 2) < 0.06
    np.testing.assert_allclose(view.offset_m, 0.006 * across, atol=0.003)
    assert view.length_m == pytest.approx(0.1, rel=0.15)
    assert view.width_m == pytest.approx(0.025, rel=0.25)
    assert view.distance_m < 0.003


def test_along_the_thing_the_offset_is_none_within_and_leads_back_beyond_its_end(camera):
    within = grasp_view(paint(camera, POINT[:2] + [0.02, 0], 0.0, 0.1, 0.025), camera, POINT)
    np.testing.assert_allclose(within.offset_m, 0, atol=0.003)
    beyond = grasp_view(paint(camera, POINT[:2] + [0.06, 0], 0.0, 0.1, 0.025), camera, POINT)
    assert 0.01 < beyond.offset_m[0] < 0.06
    assert abs(beyond.offset_m[1]) < 0.003
    assert beyond.distance_m == pytest.approx(0.01, abs=0.004)


def test_a_image_of_another_size_shows_the_same(camera):
    views = [
        grasp_view(paint(camera, POINT[:2] + [0, 0.006], 0.0, 0.1, 0.025, size), camera, POINT)
        for size in (SIZE, 2 * SIZE)
    ]
    np.testing.assert_allclose(views[0].offset_m, views[1].offset_m, atol=0.002)
    assert abs((views[0].across_rad - views[1].across_rad + np.pi / 2) % np.pi - np.pi / 2) < 0.04


def test_a_plain_image_shows_nothing(camera):
    assert grasp_view(np.full((SIZE, SIZE, 3), TABLE, np.uint8), camera, POINT) is None


def test_a_square_is_not_long(camera):
    assert grasp_view(paint(camera, POINT[:2], 0.3, 0.05, 0.05), camera, POINT) is None


def test_what_is_far_from_the_point_does_not_count(camera):
    assert grasp_view(paint(camera, POINT[:2] + [0, 0.06], 0.0, 0.1, 0.02), camera, POINT) is None


def test_a_point_out_of_the_image_or_behind_the_camera_shows_nothing(camera):
    frame = paint(camera, POINT[:2], 0.0, 0.1, 0.025)
    assert grasp_view(frame, camera, np.array([2.0, 0, HEIGHT_M])) is None
    assert grasp_view(frame, camera, camera.T_world_camera[:3] @ [0, 0, -0.5, 1]) is None
