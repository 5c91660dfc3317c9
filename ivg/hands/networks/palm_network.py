"""MediaPipe's palm detector as a torch module: where hands may be in an image.

The rules (anchors, decoding, weighted non-maximum suppression, the square around a palm) are those of MediaPipe's
graphs `palm_detection_cpu` and `palm_detection_detection_to_roi`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ..crop import HandCrop, rotate, wrap_angle
from .hand_network import HandNetwork
from .tflite_network import single

_LAYERS = ((8, 2), (16, 6))  # stride in pixels and anchors a cell, of the network's two maps
_SAME_PALM = 0.3  # boxes that overlap more than this (intersection over union) are one palm
_WRIST, _MIDDLE = 0, 2  # the palm's keypoints that give the hand's direction

_SHIFT, _SCALE = -0.5, 2.6


@dataclass(frozen=True, eq=False)
class Palms:
    """Candidates in images, before any is refused. Where they are is worked out as it is asked for.

    Offsets are the middle less the anchor, width and height, and seven keypoints less the anchor.
    """

    score: Tensor  # float (n, 2016), probability of a palm
    offsets: Tensor  # float (n, 2016, 9, 2), x and y, px of the network's image
    anchors: Tensor  # float (2016, 2), 1 is the image's side
    size: int  # the side of the network's image, px

    @property
    def middle(self) -> Tensor:
        """Float (n, 2016, 2), x and y of the middles; 1 is the image's side."""
        return self.offsets[:, :, 0] / self.size + self.anchors

    def at(self, image: int, indices: Tensor) -> tuple[Tensor, Tensor]:
        """Return boxes (m, 4), x and y of the middle, width, height, and keypoints (m, 7, 2) of candidates of an image.

        1 is the image's side.
        """
        points, anchors = self.offsets[image, indices] / self.size, self.anchors[indices]
        return torch.cat([points[:, 0] + anchors, points[:, 1]], -1), points[:, 2:] + anchors[:, None]


class PalmNetwork(HandNetwork):
    """Finds palms in square images; arguments and errors are `HandNetwork`'s."""

    file = "modules/palm_detection/palm_detection"

    def __init__(self, path: Path | None = None, threads: int | None = None, complexity: int = 1) -> None:
        super().__init__(path, threads, complexity)
        self.size = self.network.input_size[0]
        self.register_buffer("anchors", _anchors(self.size), persistent=False)

    anchors: Tensor

    def forward(self, images: Tensor, chosen: Sequence[int] | None = None) -> Palms:
        """Look for palms in the `chosen` images, or all: float (k, 3, s, s), RGB in [0, 1], or uint8, any s."""
        owners = range(len(images)) if chosen is None else chosen
        outputs = self.look(images, HandCrop.whole(images[: len(owners)]), owners)
        offsets, logits = (single(output) for output in outputs)
        return Palms(logits[..., 0].clamp(-100, 100).sigmoid(), offsets.unflatten(-1, (9, 2)), self.anchors, self.size)


def best_palms(palms: Palms, image: int, min_score: float, at_most: int) -> tuple[Tensor, Tensor]:
    """Merge the candidates of one image that are the same palm (weighted non-maximum suppression), the best first.

    Of those with `min_score`, `at_most` palms are returned: boxes (m, 4) and keypoints (m, 7, 2).
    """
    score = palms.score[image]
    order = score.argsort(descending=True)
    order = order[score[order] >= min_score]
    score, (box, keypoints) = score[order], palms.at(image, order)
    found: list[tuple[Tensor, Tensor]] = []
    left = torch.arange(len(order), device=score.device)
    while len(left) and len(found) < at_most:
        same = _overlap(box[left[0]], box[left]) > _SAME_PALM
        same[0] = True
        alike = left[same]
        weight = score[alike] / score[alike].sum()
        found.append(((weight[:, None] * box[alike]).sum(0), (weight[:, None, None] * keypoints[alike]).sum(0)))
        left = left[~same]
    if not found:
        return score.new_zeros(0, 4), score.new_zeros(0, 7, 2)
    boxes, points = (torch.stack(part) for part in zip(*found, strict=True))
    return boxes, points


def crops_of_palms(box: Tensor, keypoints: Tensor, size: int) -> HandCrop:
    """Lay MediaPipe's squares around palms, boxes (m, 4) and keypoints (m, 7, 2), of images of `size` pixels."""
    along = (keypoints[:, _MIDDLE] - keypoints[:, _WRIST]) * size
    rotation = wrap_angle(0.5 * math.pi - torch.atan2(-along[:, 1], along[:, 0]))
    centre, extent = box[:, :2] * size, box[:, 2:] * size
    offset = torch.stack([torch.zeros_like(rotation), _SHIFT * extent[:, 1]], -1)
    return HandCrop(centre + rotate(offset, rotation), _SCALE * extent.amax(-1), rotation)


def _anchors(size: int) -> Tensor:
    """Return the middles (2016, 2) of the anchors: x and y, 1 is the image's side."""
    parts = []
    for stride, count in _LAYERS:
        cells = math.ceil(size / stride)
        middles = (torch.arange(cells) + 0.5) / cells
        y, x = torch.meshgrid(middles, middles, indexing="ij")
        parts.append(torch.stack([x, y], -1).reshape(-1, 1, 2).expand(-1, count, 2).reshape(-1, 2))
    return torch.cat(parts)


def _overlap(box: Tensor, others: Tensor) -> Tensor:
    """Return the intersection over the union of a box (4,) with others (m, 4)."""
    low = torch.maximum(box[:2] - box[2:] / 2, others[:, :2] - others[:, 2:] / 2)
    high = torch.minimum(box[:2] + box[2:] / 2, others[:, :2] + others[:, 2:] / 2)
    both = (high - low).clamp_min(0).prod(-1)
    return both / (box[2:].prod() + others[:, 2:].prod(-1) - both).clamp_min(1e-9)
