"""A TFLite graph as a frozen torch module, through which gradients flow to its input.

MediaPipe's hand models come as TFLite files, whose interpreter knows no gradient. They are convolutional networks of
few kinds of operations; each is mapped to torch's own here, with the weights of the file.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tflite
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...errors import InputError, WeightsError
from .tflite_file import Operation, read_graph

_ACTIVATIONS: dict[int, Callable[[Tensor], Tensor]] = {
    tflite.ActivationFunctionType.NONE: lambda x: x,
    tflite.ActivationFunctionType.RELU: F.relu,
    tflite.ActivationFunctionType.RELU6: F.relu6,
}


class TFLiteNetwork(nn.Module):
    """Runs a TFLite graph in torch. Its weights are buffers: frozen, moved by `.to(device)`.

    A file that cannot be read, or holds an operation that is not mapped, raises a `WeightsError`.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        graph = read_graph(path)
        self.input_size: tuple[int, int] = (graph.input_shape[1], graph.input_shape[2])
        """Height and width of the images that the network takes, px."""
        self._input, self._outputs = graph.input, graph.outputs
        self._wiring = [(operation.inputs, operation.output) for operation in graph.operations]
        self._last_use = {index: position for position, (inputs, _) in enumerate(self._wiring) for index in inputs}
        self.steps = nn.ModuleList(_build(operation, path) for operation in graph.operations)
        self.to(memory_format=torch.channels_last)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Run the network on float (n, 3, h, w) of `input_size`, in the range that the network expects.

        Returns:
            The outputs in the file's order, (n, ...), with channels where torch has them.
        """
        if tuple(images.shape[1:]) != (3, *self.input_size):
            raise InputError(f"images must have shape (n, 3, {self.input_size}), got {tuple(images.shape)}")
        dtype = next(self.buffers()).dtype
        values = {self._input: images.to(dtype).contiguous(memory_format=torch.channels_last)}
        for position, (step, (inputs, output)) in enumerate(zip(self.steps, self._wiring, strict=True)):
            values[output] = step(*(values[index] for index in inputs))
            for index in inputs:
                if self._last_use[index] == position and index not in self._outputs:
                    values.pop(index, None)
        return [values[index] for index in self._outputs]


def single(values: Tensor) -> Tensor:
    """Bring what a network computed in half precision to single precision; leave finer values as they are."""
    return values.to(torch.promote_types(values.dtype, torch.float32))


class _Convolution(nn.Module):
    """CONV_2D and DEPTHWISE_CONV_2D, with TFLite's padding: what is odd goes to the right and to the bottom."""

    def __init__(self, operation: Operation) -> None:
        super().__init__()
        depthwise = operation.name == "DEPTHWISE_CONV_2D"
        options = _options(operation, tflite.DepthwiseConv2DOptions() if depthwise else tflite.Conv2DOptions())
        weight, bias = operation.constants
        axes = (3, 0, 1, 2) if depthwise else (0, 3, 1, 2)
        self.register_buffer("weight", torch.from_numpy(weight.transpose(axes).copy()))
        self.register_buffer("bias", torch.from_numpy(bias))
        self.groups = weight.shape[3] if depthwise else 1
        self.stride = (options.StrideH(), options.StrideW())
        self.same = options.Padding() == tflite.Padding.SAME
        self.activation = options.FusedActivationFunction()

    weight: Tensor
    bias: Tensor

    def forward(self, x: Tensor) -> Tensor:
        padding: tuple[int, int] = (0, 0)
        if self.same:
            x, padding = _pad_same(x, self.weight.shape[2:], self.stride)
        x = F.conv2d(x, self.weight, self.bias, self.stride, padding, groups=self.groups)
        return _ACTIVATIONS[self.activation](x)


class _Operation(nn.Module):
    """A function of tensors and, behind them, of weights."""

    def __init__(self, function: Callable[..., Tensor], **weights: np.ndarray) -> None:
        super().__init__()
        self.function = function
        for name, value in weights.items():
            self.register_buffer(name, torch.from_numpy(value))

    def forward(self, *values: Tensor) -> Tensor:
        return self.function(*values, *self.buffers())


def _mean(operation: Operation) -> nn.Module:
    if sorted(np.ravel(operation.constants[0]).tolist()) != [1, 2]:
        raise WeightsError(f"a mean over axes {operation.constants[0]} is not mapped; it must be over (1, 2)")
    return _Operation(lambda x: x.mean((2, 3)))


def _max_pool(operation: Operation) -> nn.Module:
    options = _options(operation, tflite.Pool2DOptions())
    window = (options.FilterHeight(), options.FilterWidth())
    if window != (options.StrideH(), options.StrideW()):
        raise WeightsError(f"a pooling over windows of {window} that overlap is not mapped")
    return _Operation(lambda x: F.max_pool2d(x, window))


def _pad(operation: Operation) -> nn.Module:
    """PAD, by zeros, of channels, height and width."""
    _, rows, columns, channels = operation.constants[0].tolist()
    return _Operation(lambda x: F.pad(x, [*columns, *rows, *channels]))


def _resize_bilinear(operation: Operation) -> nn.Module:
    options = _options(operation, tflite.ResizeBilinearOptions())
    if options.AlignCorners() or not options.HalfPixelCenters():
        raise WeightsError("a bilinear resize is mapped only with half-pixel centres, corners not aligned")
    size = operation.output_shape[1:3]
    return _Operation(lambda x: F.interpolate(x, size, mode="bilinear", align_corners=False))


def _reshape(operation: Operation) -> nn.Module:
    """RESHAPE of channels-last images to rows (n, rows, values)."""
    return _Operation(lambda x: x.permute(0, 2, 3, 1).reshape(-1, *operation.output_shape[1:]))


def _concatenation(operation: Operation) -> nn.Module:
    """CONCATENATION of rows."""
    axis = _options(operation, tflite.ConcatenationOptions()).Axis()
    if axis != 1 or len(operation.output_shape) != 3:
        raise WeightsError(f"a concatenation along axis {axis} is not mapped; it must be of rows")
    return _Operation(lambda *parts: torch.cat(parts, 1))


_STEPS: dict[str, Callable[[Operation], nn.Module]] = {
    "ADD": lambda op: _Operation(torch.add),
    "CONCATENATION": _concatenation,
    "CONV_2D": _Convolution,
    "DEPTHWISE_CONV_2D": _Convolution,
    "FULLY_CONNECTED": lambda op: _Operation(F.linear, weight=op.constants[0], bias=op.constants[1]),
    "LOGISTIC": lambda op: _Operation(torch.sigmoid),
    "MAX_POOL_2D": _max_pool,
    "MEAN": _mean,
    "PAD": _pad,
    "PRELU": lambda op: _Operation(F.prelu, slope=op.constants[0].reshape(-1)),
    "RESHAPE": _reshape,
    "RESIZE_BILINEAR": _resize_bilinear,
}


def _options(operation: Operation, table: Any) -> Any:
    """Return an operation's options as a table of their type."""
    table.Init(operation.options.Bytes, operation.options.Pos)
    return table


def _build(operation: Operation, path: Path) -> nn.Module:
    if operation.name not in _STEPS:
        raise WeightsError(f"{path} holds the operation {operation.name}; mapped are {', '.join(sorted(_STEPS))}")
    return _STEPS[operation.name](operation)


def _pad_same(x: Tensor, kernel: Any, stride: tuple[int, int]) -> tuple[Tensor, tuple[int, int]]:
    """Pad for TFLite's SAME; where both sides are alike, leave it to the convolution (second value)."""
    missing = [
        max((-(-size // step) - 1) * step + width - size, 0)
        for size, width, step in zip(x.shape[2:], kernel, stride, strict=True)
    ]
    if all(n % 2 == 0 for n in missing):
        return x, (missing[0] // 2, missing[1] // 2)
    top, left = missing[0] // 2, missing[1] // 2
    return F.pad(x, (left, missing[1] - left, top, missing[0] - top)), (0, 0)
