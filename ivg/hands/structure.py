"""The frozen detector H of the hand structure loss: what it sees where hands should be, with a gradient."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .crop import HandCrop
from .networks.hand_network import HandLandmarkNetwork
from .networks.palm_network import PalmNetwork

_NEAR = 0.5  # a palm is where a hand should be if the middles are nearer than this fraction of the hand's square's side


@dataclass(frozen=True, eq=False)
class SeenHands:
    """What the detector sees where hands should be. MediaPipe finds a hand if both factors of presence are high."""

    joints: Tensor  # float (n, 21, 2), normalised
    presence: Tensor  # float (n,) in [0, 1]: the palm's score times the presence of a hand in the crop


class HandStructureDetector(nn.Module):
    """MediaPipe's two networks, frozen, looking where the training video has hands; gradients flow to the images."""

    def __init__(self) -> None:
        super().__init__()
        self.palms, self.landmarks = PalmNetwork(), HandLandmarkNetwork()

    def forward(self, images: Tensor, owners: Tensor, joints: Tensor) -> SeenHands:
        """Look for hands.

        Args:
            images: Float (m, 3, s, s), RGB in [0, 1].
            owners: int64 (n,), the image in which each hand should be.
            joints: Float (n, 21, 2), normalised, where it should be.
        """
        size = images.shape[-1]
        crops = HandCrop.around(joints * size)
        seen = self.landmarks(images[owners], crops)
        palms = self.palms(images)
        distance = (palms.middle[owners] * size - crops.centre[:, None]).norm(dim=-1)
        near = distance.detach() < _NEAR * crops.side[:, None]
        score = torch.where(near, palms.score[owners], 0).amax(-1)
        return SeenHands(seen.joints / size, seen.presence * score)
