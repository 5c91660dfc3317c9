"""Running a hand network on squares of pictures, whatever runs the network."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .crop import HandCrop
from .litert_network import LiteRTNetwork
from .tflite_network import TFLiteNetwork


def run_on_crops(
    network: TFLiteNetwork | LiteRTNetwork, pictures: Tensor, crops: HandCrop, owners: Sequence[int]
) -> list[Tensor]:
    """Cut squares out of pictures and run a network on them.

    Args:
        network: Takes pictures in [0, 1].
        pictures: Float (n, 3, h, w), RGB in [0, 1], or uint8.
        crops: m squares.
        owners: The picture that each lies in.

    Returns:
        The network's outputs, each (m, ...).
    """
    bytes_given = pictures.dtype == torch.uint8
    if bytes_given and isinstance(network, LiteRTNetwork):
        return network.on_crops(pictures, crops, owners)
    chosen = pictures if list(owners) == list(range(len(pictures))) else pictures[list(owners)]
    chosen = chosen.to(crops.side.dtype) / 255 if bytes_given else chosen
    outputs: list[Tensor] = network(crops.cut(chosen, network.input_size[0]))
    return outputs
