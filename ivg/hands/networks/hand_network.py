"""What MediaPipe's two hand networks share here: where their files are, what runs them, how they look at squares."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor, nn

from ..crop import HandCrop
from .litert_network import LiteRTNetwork
from .mediapipe_files import mediapipe_file
from .tflite_network import TFLiteNetwork


class HandNetwork(nn.Module):
    """One of MediaPipe's hand networks. It is frozen; gradients flow to the pictures (in torch).

    Args:
        path: The model's file; None takes it from the installed mediapipe package.
        threads: Run by LiteRT in so many threads, on the CPU and without a gradient; None runs in torch.
        complexity: MediaPipe's `model_complexity`, of the package's file: 0 is its lite model, 1 the full one.

    Raises:
        WeightsError: If there is no such file.
    """

    file: ClassVar[str]
    """The model's file in the package, less "_lite.tflite" or "_full.tflite"."""

    def __init__(self, path: Path | None = None, threads: int | None = None, complexity: int = 1) -> None:
        super().__init__()
        path = path or mediapipe_file(f"{self.file}_{('lite', 'full')[complexity]}.tflite")
        self.network = TFLiteNetwork(path) if threads is None else LiteRTNetwork(path, threads)
        self.eval()

    def look(self, pictures: Tensor, crops: HandCrop, owners: Sequence[int]) -> list[Tensor]:
        """Cut squares out of pictures and run the network on them.

        Args:
            pictures: Float (n, 3, h, w), RGB in [0, 1], or uint8.
            crops: m squares.
            owners: The picture that each lies in.

        Returns:
            The network's outputs, each (m, ...).
        """
        bytes_given = pictures.dtype == torch.uint8
        if bytes_given and isinstance(self.network, LiteRTNetwork):
            return self.network.on_crops(pictures, crops, owners)
        chosen = pictures if list(owners) == list(range(len(pictures))) else pictures[list(owners)]
        chosen = chosen.to(crops.side.dtype) / 255 if bytes_given else chosen
        outputs: list[Tensor] = self.network(crops.cut(chosen, self.network.input_size[0]))
        return outputs
