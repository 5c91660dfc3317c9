"""All figures of one generated clip compared with the true clip."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..data.clip_record import ClipRecord
from ..errors import InputError
from ..region import region_from_tracks
from ..types import HandTracks
from .detection import hand_length, hands_found, hs_err, match_hands
from .images import palm_colours, psnr, skin_difference, skin_spread
from .moved_objects import ObjectScore, score_object
from .region_iou import iou

FIRST_OBJECT = 3  # label of the main moved object in a record's labels; others follow, hands come before
MARGIN = 1 / 32  # around what moves in truth, does not count as background (4 px of 128)
TYPICAL_LENGTH = 0.4  # of a hand, as a fraction of the image's width, for detections in frames without any hand


@dataclass(frozen=True, eq=False)
class GeneratedClip:
    """A clip with the hands that the detector finds in it."""

    frames: NDArray[np.uint8]  # (t, h, w, 3)
    tracks: HandTracks
    region: NDArray[np.bool_]  # (h, w), of motion, that the clip was generated in
    touched: NDArray[np.bool_]  # (h, w), pixels that the generator did not take from the context frame


@dataclass(frozen=True, eq=False)
class TrueClip:
    """A rendered clip with its annotation, as the figures need it."""

    record: ClipRecord
    tracks: HandTracks  # what the detector finds in it
    region: NDArray[np.bool_]  # (h, w), union of the annotated region of motion
    visible: NDArray[np.float32]  # (t, 2), visible fraction of each hand, 0 where there is none

    @classmethod
    def of(cls, record: ClipRecord) -> TrueClip:
        """Derives the rest from a rendered and annotated record; InputError if that has no ground truth."""
        if record.gt_visible is None or record.labels is None or record.joints_world_m is None:
            raise InputError("figures need a rendered clip: this one has no ground truth")
        tracks = HandTracks(record.keypoints, record.present, record.score)
        region = region_from_tracks(tracks, *record.frames.shape[1:3]).union
        return cls(record, tracks, region, np.nan_to_num(record.gt_visible))

    @property
    def labels(self) -> NDArray[np.uint8]:
        """uint8 (t, h, w): 0 background, 1 and 2 the arms, 3 and up the moved objects."""
        assert self.record.labels is not None
        return self.record.labels

    @property
    def object_labels(self) -> list[int]:
        """The labels of the moved objects that are visible at the clip's end."""
        return [int(label) for label in np.unique(self.labels[-1]) if label >= FIRST_OBJECT]


def codec_figures(truth: TrueClip, frames: NDArray[np.uint8], tracks: HandTracks) -> dict[str, float]:
    """Returns what the autoencoder alone costs, from a reconstruction (t, h, w, 3) and the hands found in it.

    ``psnr_db``, ``psnr_inside_db`` (inside hands and moved objects), ``hands_before`` (that the detector finds in the
    original) and ``hands_kept`` (those that it finds again at the same position), ``hs_err``.
    """
    record, length = truth.record, _any_hand_length(truth.record)
    match = match_hands(tracks.keypoints, record.keypoints, record.present, length)
    return {
        "psnr_db": psnr(frames, record.frames),
        "psnr_inside_db": psnr(frames, record.frames, truth.labels > 0),
        "hands_kept": float(match.found.sum()),
        "hands_before": float(match.wanted.sum()),
        "hs_err": hs_err(tracks.keypoints, record.keypoints),
    }


def clip_figures(truth: TrueClip, generated: GeneratedClip) -> dict[str, float]:
    """Returns the figures of a generated clip over the frames after the context, NaN where one does not apply.

    ``hands_found`` and ``hands_found_truth`` of ``hands_wanted``; ``hs_err``; ``skin_spread``, ``skin_spread_truth``
    and ``skin_difference`` (Delta E); ``region_iou``; ``background_db`` (PSNR against the context frame, outside of
    the region and of what arms and objects pass over in truth, with a margin: a hand that is generated elsewhere counts
    as an error), ``untouched_db`` (where the generator took the context's pixels); ``touched_area`` and ``moving_area``
    (what arms and objects pass over in truth), fractions of the image.
    """
    record = truth.record
    context = record.frames[:1]
    found, wanted = hands_found(generated.tracks.present[1:], truth.visible[1:])
    found_truth, _ = hands_found(record.present[1:], truth.visible[1:])
    skin = palm_colours(generated.frames, generated.tracks.keypoints)
    skin_truth = palm_colours(record.frames, record.keypoints)
    moving = (truth.labels > 0).any(0)
    reach = max(1, round(MARGIN * moving.shape[1]))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    moving_with_margin = cv2.dilate(moving.astype(np.uint8), disc) > 0
    return {
        "hands_found": float(found),
        "hands_found_truth": float(found_truth),
        "hands_wanted": float(wanted),
        "hs_err": hs_err(generated.tracks.keypoints, record.keypoints),
        "skin_spread": skin_spread(skin),
        "skin_spread_truth": skin_spread(skin_truth),
        "skin_difference": skin_difference(skin, skin_truth),
        "region_iou": iou(generated.region, truth.region),
        "background_db": psnr(generated.frames[1:], context, ~(generated.region | moving_with_margin)),
        "untouched_db": psnr(generated.frames[1:], context, ~generated.touched),
        "touched_area": float(generated.touched.mean()),
        "moving_area": float(moving.mean()),
    }


def object_scores(truth: TrueClip, frames: NDArray[np.uint8]) -> list[ObjectScore]:
    """Returns the scores, in the last of `frames` (t, h, w, 3), of the moved objects that the truth's end shows."""
    scores = [score_object(frames, truth.record.frames, truth.labels, label) for label in truth.object_labels]
    return [score for score in scores if score is not None]


def _any_hand_length(record: ClipRecord) -> NDArray[np.float32]:
    """Returns the longer of the true hands' lengths in each frame, twice: (t, 2), for detections of either side."""
    assert record.joints_world_m is not None
    assert record.K is not None
    assert record.T_world_camera is not None
    length = hand_length(record.joints_world_m, record.K, record.T_world_camera, record.frames.shape[2])
    longest = np.nan_to_num(length).max(1, keepdims=True)
    return np.repeat(np.where(longest > 0, longest, TYPICAL_LENGTH), 2, axis=1).astype(np.float32)
