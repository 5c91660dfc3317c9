"""The differentiable hand detector: MediaPipe's landmark network as a torch module.

The paper's hand structure loss (Eq. 2) compares what the frozen detector H sees in the generated and in the training
video. It trains something only if a gradient flows through H; MediaPipe's own graph has none. Here the network of the
installed wheel runs in torch, on a crop that is cut differentiably.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from .crop import HandCrop
from .crop_runs import run_on_crops
from .litert_network import LiteRTNetwork
from .mediapipe_files import mediapipe_file
from .tflite_network import TFLiteNetwork, single

_MODELS = ("modules/hand_landmark/hand_landmark_lite.tflite", "modules/hand_landmark/hand_landmark_full.tflite")
"""By MediaPipe's `model_complexity`."""


@dataclass(frozen=True, eq=False)
class HandLandmarks:
    """What the network sees in crops.

    Attributes:
        joints: Float (n, 21, 2), x and y in the picture, px.
        presence: Float (n,), probability in [0, 1] that the crop shows a hand.
        p_right: Float (n,), probability of a person's right hand in pictures that are not mirrored (MediaPipe's label,
            which expects mirrored ones, says left).
        world_m: Float (n, 21, 3), joints around the hand's middle, metres, turned as the crop is.
    """

    joints: Tensor
    presence: Tensor
    p_right: Tensor
    world_m: Tensor


class HandLandmarkNetwork(nn.Module):
    """Finds 21 joints in crops of hands. It is frozen; gradients flow to the pictures (in torch).

    Args:
        path: The model's file; None takes it from the installed mediapipe package.
        threads: Run by LiteRT in so many threads, on the CPU and without a gradient; None runs in torch.
        complexity: MediaPipe's `model_complexity`, of the package's file: 0 is its lite model, 1 the full one.

    Raises:
        WeightsError: If there is no such file.
    """

    def __init__(self, path: Path | None = None, threads: int | None = None, complexity: int = 1) -> None:
        super().__init__()
        path = path or mediapipe_file(_MODELS[complexity])
        self.network = TFLiteNetwork(path) if threads is None else LiteRTNetwork(path, threads)
        self.eval()

    def forward(self, pictures: Tensor, crops: HandCrop, owners: Sequence[int] | None = None) -> HandLandmarks:
        """Look at crops of pictures.

        Args:
            pictures: Float (n, 3, h, w), RGB in [0, 1], or uint8.
            crops: m squares.
            owners: The picture that each lies in; None takes one of each picture.
        """
        outputs = run_on_crops(self.network, pictures, crops, range(len(pictures)) if owners is None else owners)
        joints, presence, p_right, world = (single(output) for output in outputs)
        points = joints.view(-1, 21, 3)[..., :2] / self.network.input_size[0]
        return HandLandmarks(crops.to_picture(points), presence[:, 0], p_right[:, 0], world.view(-1, 21, 3))
