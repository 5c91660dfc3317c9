"""The differentiable hand detector: MediaPipe's landmark network as a torch module.

The paper's hand structure loss (Eq. 2) compares what the frozen detector H sees in the generated and in the training
video. It trains something only if a gradient flows through H; MediaPipe's own graph has none. Here the network of the
installed wheel runs in torch, on a crop that is cut differentiably.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from ..crop import HandCrop
from .hand_network import HandNetwork
from .tflite_network import single


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


class HandLandmarkNetwork(HandNetwork):
    """Finds 21 joints in crops of hands; arguments and errors are `HandNetwork`'s."""

    file = "modules/hand_landmark/hand_landmark"

    def forward(self, pictures: Tensor, crops: HandCrop, owners: Sequence[int] | None = None) -> HandLandmarks:
        """Look at crops of pictures.

        Args:
            pictures: Float (n, 3, h, w), RGB in [0, 1], or uint8.
            crops: m squares.
            owners: The picture that each lies in; None takes one of each picture.
        """
        outputs = self.look(pictures, crops, range(len(pictures)) if owners is None else owners)
        joints, presence, p_right, world = (single(output) for output in outputs)
        points = joints.view(-1, 21, 3)[..., :2] / self.network.input_size[0]
        return HandLandmarks(crops.to_picture(points), presence[:, 0], p_right[:, 0], world.view(-1, 21, 3))
