"""Known answers of the figures about pixels: PSNR, colours, skin, moved objects, regions."""

import cv2
import numpy as np
import pytest

from ivg.metrics.images import (
    CEILING_DB,
    PALM,
    delta_e,
    palm_colours,
    psnr,
    score_object,
    skin_difference,
    skin_spread,
    to_lab,
)
from ivg.metrics.region_iou import best_fixed_box, best_prior_mask, iou, mean_iou

SIZE = 128


class TestPsnr:
    def test_known_error(self) -> None:
        truth = np.full((2, 8, 8, 3), 100, np.uint8)
        assert psnr(truth + 5, truth) == pytest.approx(20 * np.log10(255 / 5))

    def test_identical_images_have_the_ceiling(self) -> None:
        assert psnr(np.zeros((8, 8, 3), np.uint8), np.zeros((8, 8, 3), np.uint8)) == CEILING_DB

    def test_only_the_mask_counts(self) -> None:
        truth = np.zeros((2, 8, 8, 3), np.uint8)
        picture = truth.copy()
        picture[:, :4] = 255
        mask = np.zeros((8, 8), bool)
        mask[4:] = True
        assert psnr(picture, truth, mask) == CEILING_DB
        assert psnr(picture, truth, ~mask) == pytest.approx(0.0)
        assert np.isnan(psnr(picture, truth, np.zeros((8, 8), bool)))


class TestColour:
    def test_white_black_and_red(self) -> None:
        lab = to_lab(np.array([[[255, 255, 255], [0, 0, 0], [255, 0, 0]]], np.uint8))
        np.testing.assert_allclose(lab[0], [[100, 0, 0], [0, 0, 0], [53.24, 80.09, 67.2]], atol=0.5)
        assert delta_e(lab[0, 0], lab[0, 1]) == pytest.approx(100, abs=0.1)


def scene(centre: tuple[int, int], colour: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """A clip of two frames, textured table with a disc at (40, 40) and then at `centre`, and its labels."""
    noise = np.random.default_rng(0).integers(0, 12, (SIZE, SIZE, 1))
    frames = np.broadcast_to(np.uint8(np.array([150, 120, 90]) + noise), (2, SIZE, SIZE, 3)).copy()
    labels = np.zeros((2, SIZE, SIZE), np.uint8)
    for frame, label, at in zip(frames, labels, ((40, 40), centre), strict=True):
        cv2.circle(frame, at, 9, colour, -1)
        cv2.circle(label, at, 9, 3, -1)
    return frames, labels


class TestMovedObjects:
    def test_the_truth_itself_is_perfect(self) -> None:
        frames, labels = scene((70, 60), (200, 40, 40))
        score = score_object(frames, frames, labels, 3)
        assert score is not None
        assert (score.place_error, score.fit, score.colour_error) == (0, 0, 0)
        assert score.travel == pytest.approx(np.hypot(30, 20) / SIZE, abs=1e-3)
        assert not score.lost

    def test_a_displaced_object_is_measured_to_the_pixel(self) -> None:
        frames, labels = scene((70, 60), (200, 40, 40))
        generated, _ = scene((73, 56), (200, 40, 40))
        score = score_object(generated, frames, labels, 3)
        assert score is not None
        assert score.place_error == pytest.approx(5 / SIZE)
        assert not score.lost

    def test_another_colour_is_seen(self) -> None:
        frames, labels = scene((70, 60), (200, 40, 40))
        generated, _ = scene((70, 60), (180, 60, 60))
        score = score_object(generated, frames, labels, 3)
        assert score is not None
        expected = delta_e(*to_lab(np.array([[[200, 40, 40], [180, 60, 60]]], np.uint8))[0])
        assert score.colour_error == pytest.approx(float(expected), rel=1e-3)
        assert score.place_error == 0

    def test_an_object_that_vanished_is_lost(self) -> None:
        frames, labels = scene((70, 60), (40, 60, 200))
        empty, _ = scene((5, 120), (40, 60, 200))
        empty[1] = empty[0]
        empty[1, 25:60, 25:60] = empty[1, 80:115, 25:60]
        score = score_object(empty, frames, labels, 3)
        assert score is not None
        assert score.lost

    def test_hidden_objects_are_not_judged(self) -> None:
        frames, labels = scene((70, 60), (200, 40, 40))
        labels[1] = 0
        assert score_object(frames, frames, labels, 3) is None


class TestRegions:
    def test_iou(self) -> None:
        first, second = np.zeros((2, 10, 10), bool)
        first[:, :6] = True
        second[:, 4:] = True
        assert iou(first, second) == pytest.approx(0.2)
        assert iou(np.zeros((4, 4), bool), np.zeros((4, 4), bool)) == 1.0
        assert mean_iou(first, np.stack([first, second])) == pytest.approx(0.6)

    def test_a_box_is_found_exactly(self) -> None:
        truths = np.zeros((3, 64, 64), bool)
        truths[:, 13:41, 22:57] = True
        box = best_fixed_box(truths)
        assert box.mean_iou == 1.0
        assert (box.region == truths[0]).all()

    def test_the_box_is_no_worse_than_any_single_truths_own(self) -> None:
        rng = np.random.default_rng(3)
        truths = np.zeros((12, 48, 48), bool)
        for mask in truths:
            y, x = rng.integers(0, 20, 2)
            mask[y : y + 20, x : x + 24] = True
        assert best_fixed_box(truths).mean_iou >= max(mean_iou(mask, truths) for mask in truths) - 1e-9

    def test_the_prior_is_cut_where_it_is_best(self) -> None:
        frequency = np.zeros((20, 20))
        frequency[5:15, 5:15] = 0.5
        frequency[0, :] = 0.04
        truth = frequency[None] > 0.3
        prior = best_prior_mask(frequency, truth)
        assert prior.mean_iou == 1.0
        assert (prior.region == truth[0]).all()


class TestSkin:
    def clip(self, colours: list[tuple[int, int, int]]) -> tuple[np.ndarray, np.ndarray]:
        frames = np.zeros((len(colours), SIZE, SIZE, 3), np.uint8)
        keypoints = np.full((len(colours), 2, 21, 2), np.nan)
        turn = np.linspace(0, 2 * np.pi, 21, endpoint=False)
        keypoints[:, 1] = np.stack([0.5 + 0.15 * np.cos(turn), 0.5 + 0.15 * np.sin(turn)], -1)
        keypoints[:, 1, PALM] = np.stack([0.5 + 0.2 * np.cos(turn[::4]), 0.5 + 0.2 * np.sin(turn[::4])], -1)
        frames[:, 30:100, 30:100] = np.array(colours, np.uint8)[:, None, None]
        return frames, keypoints

    def test_one_tone_has_no_spread(self) -> None:
        colours = palm_colours(*self.clip([(200, 150, 120)] * 4))
        assert np.isnan(colours[:, 0]).all()
        assert skin_spread(colours) == pytest.approx(0.0, abs=1e-4)

    def test_drift_is_measured_in_delta_e(self) -> None:
        tones = [(200, 150, 120), (200, 150, 120), (170, 120, 90)]
        drift = float(delta_e(*to_lab(np.array([[tones[0], tones[2]]], np.uint8))[0]))
        assert skin_spread(palm_colours(*self.clip(tones))) == pytest.approx(drift / 3, rel=1e-3)

    def test_two_clips_are_compared_by_their_medians(self) -> None:
        light = palm_colours(*self.clip([(220, 180, 150)] * 3))
        dark = palm_colours(*self.clip([(120, 80, 60)] * 3))
        assert skin_difference(light, light) == 0.0
        assert skin_difference(light, dark) > 20
        assert np.isnan(skin_difference(light, np.full_like(light, np.nan)))
