"""MediaPipe's rotated square around a hand: where it lies, what it shows, and the map back to the image.

The rules are those of MediaPipe's hand tracking graph (`hand_landmark_landmarks_to_roi`, `landmark_projection`): the
square stands upright along the line from the wrist to the knuckles, holds the palm's joints, is moved by a tenth of
its height towards the fingers and enlarged by two. All of it is differentiable in the image.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

_PALM = (0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18)  # the joints that the square is laid around
_INDEX, _MIDDLE, _RING = 5, 9, 13  # the knuckles that give the hand's direction

_SHIFT, _SCALE = -0.1, 2.0


@dataclass(frozen=True, eq=False)
class HandCrop:
    """Squares in images, one a row."""

    centre: Tensor  # float (n, 2), x and y, px
    side: Tensor  # float (n,), px
    rotation: Tensor  # float (n,), rad; how far the square is rotated, clockwise as seen

    @classmethod
    def around(cls, joints: Tensor) -> HandCrop:
        """Lay squares around hands, joints float (n, 21, 2), px."""
        wrist, knuckles = joints[:, 0], 0.5 * (0.5 * (joints[:, _INDEX] + joints[:, _RING]) + joints[:, _MIDDLE])
        along = knuckles - wrist
        rotation = wrap_angle(0.5 * math.pi - torch.atan2(-along[:, 1], along[:, 0]))
        palm = joints[:, _PALM]
        middle = 0.5 * (palm.amin(1) + palm.amax(1))
        upright = rotate(palm - middle[:, None], -rotation[:, None])
        low, high = upright.amin(1), upright.amax(1)
        offset = 0.5 * (low + high) + (high - low) * low.new_tensor([0.0, _SHIFT])
        return cls(middle + rotate(offset, rotation), _SCALE * (high - low).amax(-1), rotation)

    @classmethod
    def whole(cls, images: Tensor) -> HandCrop:
        """Take in the whole of each image (n, 3, s, s), upright."""
        n, _, height, width = images.shape
        like = images.new_zeros(n, dtype=images.dtype if images.is_floating_point() else torch.float32)
        return cls(like.new_tensor([width / 2, height / 2]).expand(n, 2), like + max(height, width), like)

    def __len__(self) -> int:
        return len(self.side)

    def __getitem__(self, rows: Tensor) -> HandCrop:
        return HandCrop(self.centre[rows], self.side[rows], self.rotation[rows])

    def cut(self, images: Tensor, size: int) -> Tensor:
        """Cut each square out of its image (n, 3, h, w), bilinearly, to (n, 3, size, size); outermost pixels go on.

        As MediaPipe does it (OpenCV's `warpPerspective`), pixel i of the crop shows the point i / size along the
        square, and whole numbers of an image's coordinates are the middles of its pixels.
        """
        graded = torch.is_grad_enabled() and any(part.requires_grad for part in (images, *vars(self).values()))
        if images.device.type == "cpu" and images.dtype == torch.float32 and not graded:
            return self._cut_plainly(images, size)
        height, width = images.shape[2:]
        steps = torch.arange(size, device=images.device, dtype=images.dtype) / size
        y, x = torch.meshgrid(steps, steps, indexing="ij")
        points = self.to_image(torch.stack([x, y], -1).expand(len(self), size, size, 2))
        extent = points.new_tensor([max(width - 1, 1), max(height - 1, 1)])
        grid = points / extent * 2 - 1
        return F.grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=True)

    def _cut_plainly(self, images: Tensor, size: int) -> Tensor:
        """Cut the squares out by OpenCV, which is many times faster on a CPU and has no gradient."""
        frames = images.permute(0, 2, 3, 1).contiguous().numpy()
        crops = [cut_out(frame, to_frame, size) for frame, to_frame in zip(frames, self.maps(size), strict=True)]
        stacked = np.stack(crops) if crops else np.empty((0, size, size, 3), np.float32)
        return torch.from_numpy(stacked).permute(0, 3, 1, 2)

    def maps(self, size: int) -> NDArray[np.float32]:
        """Return the affine maps (n, 2, 3) from pixels of crops of `size` to the images' pixels."""
        corners = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]).expand(len(self), 3, 2)
        origin, right, down = self.to_image(corners).unbind(1)
        maps = torch.stack([(right - origin) / size, (down - origin) / size, origin], -1)
        return np.asarray(maps.numpy(), np.float32)

    def to_image(self, points: Tensor) -> Tensor:
        """Map points (n, ..., 2) of the squares, in [0, 1], to the images, px."""
        rows = (-1, *(1 for _ in points.shape[1:-1]))
        rotated = rotate(points - 0.5, self.rotation.view(rows))
        return rotated * self.side.view(*rows, 1) + self.centre.view(*rows, 2)


def cut_out(image: NDArray[Any], to_image: NDArray[np.float32], size: int) -> NDArray[Any]:
    """Cut a square (size, size, 3) out of an image (h, w, 3), by its map of `HandCrop.maps`."""
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(image, to_image, (size, size), flags=how, borderMode=cv2.BORDER_REPLICATE)


def rotate(points: Tensor, angle: Tensor) -> Tensor:
    """Rotate points (..., 2) by angles (...), clockwise as seen (y points down)."""
    x, y = points.unbind(-1)
    cos, sin = angle.cos(), angle.sin()
    return torch.stack([x * cos - y * sin, x * sin + y * cos], -1)


def wrap_angle(angle: Tensor) -> Tensor:
    """Bring angles (...) into [-pi, pi]."""
    return torch.atan2(angle.sin(), angle.cos())
