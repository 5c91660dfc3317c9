"""Heights read off a depth image of a box on a table."""

import numpy as np
import pytest

from ivg.errors import InputError
from ivg.policy.retargeting.refinement import height_map
from ivg.policy.retargeting.refinement.height_map import CELL_M, WINDOW_M


@pytest.fixture(scope="module")
def box(table):
    return table.Box((0.02, 0.01), 0.08, 0.05, 0.06, angle=0.3)


@pytest.fixture(scope="module")
def seen(table, box):
    camera = table.camera_at()
    return height_map(table.depth_of([box], camera), camera, np.zeros(3))


def places_of(heights):
    steps = np.arange(len(heights.height_m)) * heights.cell_m
    return np.stack(np.meshgrid(heights.origin_m[0] + steps, heights.origin_m[1] + steps), -1)


def far_from_edges(box, places, margin):
    """Where places lie in the box by a margin, and where out of it by one."""
    side = 0.5 * np.array([box.length, box.width])
    beyond = (np.abs(box.own(places)) - side).max(-1)
    return beyond < -margin, beyond > margin


def test_a_box_and_its_table_are_as_high_as_they_are(seen, box):
    inside, outside = far_from_edges(box, places_of(seen), 0.006)
    np.testing.assert_allclose(seen.height_m[inside], box.height, atol=0.003)
    known = outside & np.isfinite(seen.height_m)
    np.testing.assert_allclose(seen.height_m[known], 0, atol=0.003)
    assert known.sum() > 0.6 * outside.sum()


def test_what_the_box_hides_is_not_known(seen, table, box):
    eye = table.camera_at().T_world_camera[:3, 3]
    places = places_of(seen)
    ground = np.concatenate([places, np.zeros((*places.shape[:-1], 1))], -1)
    rates = np.linspace(0, 1, 200)[:, None, None, None]
    way = ground + rates * (eye - ground)
    hidden = (box.holds(way[..., :2]) & (way[..., 2] < box.height - 0.006)).any(0)
    _, outside = far_from_edges(box, places, 0.009)
    neighbours = np.stack([np.roll(hidden, (i, j), (0, 1)) for i in (-3, 0, 3) for j in (-3, 0, 3)])
    assert (hidden & outside).sum() > 50
    assert np.isnan(seen.height_m[outside & neighbours.all(0)]).all()
    assert np.isfinite(seen.height_m[3:-3, 3:-3][(outside & ~neighbours.any(0))[3:-3, 3:-3]]).mean() > 0.98


@pytest.mark.parametrize("size", [128, 384])
def test_a_image_of_another_size_gives_the_same(seen, table, box, size):
    camera = table.camera_at()
    other = height_map(table.depth_of([box], camera, size), camera, np.zeros(3))
    inside, outside = far_from_edges(box, places_of(seen), 0.009)
    both = (inside | outside) & np.isfinite(seen.height_m) & np.isfinite(other.height_m)
    assert both.sum() > 0.9 * ((inside | outside) & np.isfinite(seen.height_m)).sum()
    np.testing.assert_allclose(other.height_m[both], seen.height_m[both], atol=0.006)


def test_the_map_lies_round_its_centre(table, box):
    camera, centre = table.camera_at(), np.array([0.03, -0.02, 0.4])
    heights = height_map(table.depth_of([box], camera), camera, centre)
    assert heights.height_m.shape == (round(WINDOW_M / CELL_M) + 1,) * 2
    np.testing.assert_allclose(places_of(heights).mean((0, 1)), centre[:2], atol=1e-9)
    assert heights.at(np.array(box.middle)) == pytest.approx(box.height, abs=0.003)


def test_out_of_the_map_nothing_is_known(seen):
    asked = np.array([[0.0, 0.0], [0.5, 0.0], [0.0, -0.5], [-0.2, 0.2]])
    assert np.isfinite(seen.at(asked)).tolist() == [True, False, False, False]
    assert seen.at(np.zeros((2, 3, 2))).shape == (2, 3)


def test_pixels_without_a_depth_are_left_out(table, box):
    camera = table.camera_at()
    depth = table.depth_of([box], camera)
    depth[:, ::2] = np.nan
    depth[::7] = np.inf
    depth[3::7] = 0.0
    heights = height_map(depth, camera, np.zeros(3))
    assert np.nanmax(heights.height_m) == pytest.approx(box.height, abs=0.004)
    assert np.isnan(height_map(np.full_like(depth, np.nan), camera, np.zeros(3)).height_m).all()


def test_far_from_all_that_is_seen_the_map_is_empty(table, box):
    camera = table.camera_at()
    assert np.isnan(height_map(table.depth_of([box], camera), camera, np.array([5.0, 5.0, 0.0])).height_m).all()


@pytest.mark.parametrize("shape", [(256,), (256, 256, 1), (2, 256, 256)])
def test_another_shape_is_refused(table, shape):
    with pytest.raises(InputError, match=r"depth_m must have shape \(h, w\), got \(.*256"):
        height_map(np.ones(shape), table.camera_at(), np.zeros(3))
