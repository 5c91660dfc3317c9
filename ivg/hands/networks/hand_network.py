"""MediaPipe's hand networks: what runs them, how they look at squares, and the one that finds joints.

The paper's hand structure loss (Eq. 2) compares what the frozen detector H sees in the generated and in the training
video. It needs a gradient through H; MediaPipe's own graph has none. Here the networks of the installed wheel can run
in torch, on crops that are cut differentiably.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor, nn

from ..crop import HandCrop
from .litert_network import LiteRTNetwork
from .mediapipe_package import mediapipe_file
from .tflite_network import TFLiteNetwork, single


class HandNetwork(nn.Module):
    """One of MediaPipe's hand networks. It is frozen; gradients flow to the images (in torch).

    Args:
        path: The model's file; None takes it from the installed mediapipe package (or raises a `WeightsError`).
        threads: Run by LiteRT in so many threads, on the CPU and without a gradient; None runs in torch.
        complexity: MediaPipe's `model_complexity`, of the package's file: 0 is its lite model, 1 the full one.
    """

    file: ClassVar[str]  # the model's file in the package, less "_lite.tflite" or "_full.tflite"

    def __init__(self, path: Path | None = None, threads: int | None = None, complexity: int = 1) -> None:
        super().__init__()
        path = path or mediapipe_file(f"{self.file}_{('lite', 'full')[complexity]}.tflite")
        self.network = TFLiteNetwork(path) if threads is None else LiteRTNetwork(path, threads)
        self.eval()

    def look(self, images: Tensor, crops: HandCrop, owners: Sequence[int]) -> list[Tensor]:
        """Cut `crops`, each of the image that `owners` names, and return the network's outputs for them, each (m, ...).

        Images are float (n, 3, h, w), RGB in [0, 1], or uint8.
        """
        bytes_given = images.dtype == torch.uint8
        if bytes_given and isinstance(self.network, LiteRTNetwork):
            return self.network.on_crops(images, crops, owners)
        chosen = images if list(owners) == list(range(len(images))) else images[list(owners)]
        chosen = chosen.to(crops.side.dtype) / 255 if bytes_given else chosen
        return self.network(crops.cut(chosen, self.network.input_size[0]))


@dataclass(frozen=True, eq=False)
class HandLandmarks:
    """What the network sees in crops. MediaPipe's label, which expects mirrored images, is the other hand's."""

    joints: Tensor  # float (n, 21, 2), x and y in the image, px
    presence: Tensor  # float (n,), probability in [0, 1] that the crop shows a hand
    p_right: Tensor  # float (n,), probability of a person's right hand in images that are not mirrored


class HandLandmarkNetwork(HandNetwork):
    """Finds 21 joints in crops of hands; arguments and errors are `HandNetwork`'s."""

    file = "modules/hand_landmark/hand_landmark"

    def forward(self, images: Tensor, crops: HandCrop, owners: Sequence[int] | None = None) -> HandLandmarks:
        """Look at crops of images; see `look`. Without owners, there is one crop of each image."""
        outputs = self.look(images, crops, range(len(images)) if owners is None else owners)
        joints, presence, p_right = (single(output) for output in outputs[:3])  # the fourth are joints in metres
        points = joints.view(-1, 21, 3)[..., :2] / self.network.input_size[0]
        return HandLandmarks(crops.to_image(points), presence[:, 0], p_right[:, 0])
