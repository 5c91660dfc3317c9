"""A TFLite graph run by LiteRT, TFLite's interpreter: the fastest on a CPU, without a gradient.

LiteRT computes with XNNPACK, as MediaPipe's own graph does. One interpreter uses one core; here images are distributed
over several of them, which computes the same as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...errors import InputError, WeightsError
from ..crop import HandCrop, cut_out
from .mediapipe_package import quiet_native_logs

if TYPE_CHECKING:
    from ai_edge_litert.interpreter import Interpreter


class LiteRTNetwork:
    """Runs a TFLite graph on the CPU, `threads` images at once, as `TFLiteNetwork` does, with the same errors."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        if threads < 1:
            raise InputError(f"threads must be 1 or more, got {threads}")
        self._free: SimpleQueue[Interpreter] = SimpleQueue()
        with quiet_native_logs():
            interpreters = [_interpreter(path) for _ in range(threads)]
        for interpreter in interpreters:
            self._free.put(interpreter)
        (self._input,) = interpreters[0].get_input_details()
        self._outputs = [output["index"] for output in interpreters[0].get_output_details()]
        self.input_size: tuple[int, int] = (int(self._input["shape"][1]), int(self._input["shape"][2]))
        """Height and width of the images that the network takes, px."""
        self._pool = ThreadPoolExecutor(threads)

    def __call__(self, images: Tensor) -> list[Tensor]:
        """Run the network on float (n, 3, h, w) of `input_size`; see `TFLiteNetwork.forward`. Outputs are float32."""
        if tuple(images.shape[1:]) != (3, *self.input_size):
            raise InputError(f"images must have shape (n, 3, {self.input_size}), got {tuple(images.shape)}")
        values = np.ascontiguousarray(images.detach().cpu().permute(0, 2, 3, 1).numpy(), np.float32)
        return _outputs(list(self._pool.map(self._run, values)))

    def on_crops(self, images: Tensor, crops: HandCrop, owners: Sequence[int]) -> list[Tensor]:
        """Run the network on squares of images uint8 (n, 3, h, w), each cut out by the thread that looks at it.

        `owners` are the images that the squares lie in. Outputs are as a call's, a row for each square.
        """
        size = self.input_size[0]
        frames = np.ascontiguousarray(images.permute(0, 2, 3, 1).numpy())

        def look(owner: int, to_image: NDArray[np.float32]) -> list[NDArray[np.float32]]:
            return self._run(cut_out(frames[owner], to_image, size) / np.float32(255))

        return _outputs(list(self._pool.map(look, owners, crops.maps(size))))

    def close(self) -> None:
        """Stop the threads."""
        self._pool.shutdown()

    def _run(self, image: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Return the outputs (1, ...) for one image (h, w, 3)."""
        interpreter = self._free.get()
        try:
            interpreter.set_tensor(self._input["index"], image[None])
            interpreter.invoke()
            return [interpreter.get_tensor(index) for index in self._outputs]
        finally:
            self._free.put(interpreter)


def _outputs(rows: list[list[NDArray[np.float32]]]) -> list[Tensor]:
    """Join the outputs of single images, channels where torch has them."""
    outputs = [torch.from_numpy(np.concatenate(parts)) for parts in zip(*rows, strict=True)]
    return [output.permute(0, 3, 1, 2) if output.ndim == 4 else output for output in outputs]


def _interpreter(path: Path) -> Interpreter:
    from ai_edge_litert.interpreter import Interpreter

    try:
        interpreter = Interpreter(str(path), num_threads=1)
        interpreter.allocate_tensors()
        interpreter.invoke()  # XNNPACK arranges its weights at the first run
    except (ValueError, RuntimeError) as error:
        raise WeightsError(f"{path} cannot be read as a TFLite model: {error}") from error
    return interpreter
