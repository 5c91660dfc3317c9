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

_RELU6 = tflite.ActivationFunctionType.RELU6
_ACTIVATIONS: dict[int, Callable[[Tensor], Tensor]] = {
    tflite.ActivationFunctionType.NONE: lambda x: x,
    tflite.ActivationFunctionType.RELU: F.relu,
    _RELU6: F.relu6,
}


class TFLiteNetwork(nn.Module):
    """Runs a TFLite graph in torch. Its weights are buffers: frozen, moved by `.to(device)`.

    Args:
        path: The `.tflite` file.

    Raises:
        WeightsError: If the file cannot be read, or holds an operation that is not mapped.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        graph = read_graph(path)
        self.input_size: tuple[int, int] = (graph.input_shape[1], graph.input_shape[2])
        """Height and width of the pictures that the network takes, px."""
        self._input, self._outputs = graph.input, graph.outputs
        self._wiring = [(operation.inputs, operation.output) for operation in graph.operations]
        self._last_use = {index: place for place, (inputs, _) in enumerate(self._wiring) for index in inputs}
        self.steps = nn.ModuleList(_build(operation, path) for operation in graph.operations)
        self.to(memory_format=torch.channels_last)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Run the network.

        Args:
            pictures: Float (n, 3, h, w) of `input_size`, in the range that the network expects.

        Returns:
            The outputs in the file's order, (n, ...), with channels in the place where torch has them.
        """
        if tuple(pictures.shape[1:]) != (3, *self.input_size):
            raise InputError(f"pictures must have shape (n, 3, {self.input_size}), got {tuple(pictures.shape)}")
        dtype = next(self.buffers()).dtype
        values = {self._input: pictures.to(dtype).contiguous(memory_format=torch.channels_last)}
        for place, (step, (inputs, output)) in enumerate(zip(self.steps, self._wiring, strict=True)):
            values[output] = step(*(values[index] for index in inputs))
            for index in inputs:
                if self._last_use[index] == place and index not in self._outputs:
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
        options = tflite.DepthwiseConv2DOptions() if depthwise else tflite.Conv2DOptions()
        options.Init(operation.options.Bytes, operation.options.Pos)
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


class _FullyConnected(nn.Module):
    def __init__(self, operation: Operation) -> None:
        super().__init__()
        weight, bias = operation.constants
        self.register_buffer("weight", torch.from_numpy(weight))
        self.register_buffer("bias", torch.from_numpy(bias))

    weight: Tensor
    bias: Tensor

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight, self.bias)


class _Add(nn.Module):
    def __init__(self, operation: Operation) -> None:
        super().__init__()

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x + y


class _Logistic(nn.Module):
    def __init__(self, operation: Operation) -> None:
        super().__init__()

    def forward(self, x: Tensor) -> Tensor:
        return x.sigmoid()


class _Mean(nn.Module):
    """MEAN over height and width."""

    def __init__(self, operation: Operation) -> None:
        super().__init__()
        if sorted(np.ravel(operation.constants[0]).tolist()) != [1, 2]:
            raise WeightsError(f"a mean over axes {operation.constants[0]} is not mapped; it must be over (1, 2)")

    def forward(self, x: Tensor) -> Tensor:
        return x.mean((2, 3))


class _PReLU(nn.Module):
    def __init__(self, operation: Operation) -> None:
        super().__init__()
        self.register_buffer("slope", torch.from_numpy(operation.constants[0].reshape(-1)))

    slope: Tensor

    def forward(self, x: Tensor) -> Tensor:
        return F.prelu(x, self.slope)


class _MaxPool(nn.Module):
    """MAX_POOL_2D over windows that lie side by side."""

    def __init__(self, operation: Operation) -> None:
        super().__init__()
        options = tflite.Pool2DOptions()
        options.Init(operation.options.Bytes, operation.options.Pos)
        self.window = (options.FilterHeight(), options.FilterWidth())
        if self.window != (options.StrideH(), options.StrideW()):
            raise WeightsError(f"a pooling over windows of {self.window} that overlap is not mapped")

    def forward(self, x: Tensor) -> Tensor:
        return F.max_pool2d(x, self.window)


class _Pad(nn.Module):
    """PAD, by zeros, of channels, height and width."""

    def __init__(self, operation: Operation) -> None:
        super().__init__()
        _, *rows, columns, channels = operation.constants[0].tolist()
        self.widths = [*columns, *rows[0], *channels]

    def forward(self, x: Tensor) -> Tensor:
        return F.pad(x, self.widths)


class _ResizeBilinear(nn.Module):
    """RESIZE_BILINEAR with half-pixel centres."""

    def __init__(self, operation: Operation) -> None:
        super().__init__()
        options = tflite.ResizeBilinearOptions()
        options.Init(operation.options.Bytes, operation.options.Pos)
        if options.AlignCorners() or not options.HalfPixelCenters():
            raise WeightsError("a bilinear resize is mapped only with half-pixel centres, corners not aligned")
        self.size = operation.output_shape[1:3]

    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(x, self.size, mode="bilinear", align_corners=False)


class _Reshape(nn.Module):
    """RESHAPE of channels-last pictures to rows (n, rows, values)."""

    def __init__(self, operation: Operation) -> None:
        super().__init__()
        self.shape = operation.output_shape[1:]

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(0, 2, 3, 1).reshape(-1, *self.shape)


class _Concatenation(nn.Module):
    """CONCATENATION of rows."""

    def __init__(self, operation: Operation) -> None:
        super().__init__()
        options = tflite.ConcatenationOptions()
        options.Init(operation.options.Bytes, operation.options.Pos)
        if options.Axis() != 1 or len(operation.output_shape) != 3:
            raise WeightsError(f"a concatenation along axis {options.Axis()} is not mapped; it must be of rows")

    def forward(self, *parts: Tensor) -> Tensor:
        return torch.cat(parts, 1)


_STEPS: dict[str, Callable[[Operation], nn.Module]] = {
    "ADD": _Add,
    "CONCATENATION": _Concatenation,
    "CONV_2D": _Convolution,
    "DEPTHWISE_CONV_2D": _Convolution,
    "FULLY_CONNECTED": _FullyConnected,
    "LOGISTIC": _Logistic,
    "MAX_POOL_2D": _MaxPool,
    "MEAN": _Mean,
    "PAD": _Pad,
    "PRELU": _PReLU,
    "RESHAPE": _Reshape,
    "RESIZE_BILINEAR": _ResizeBilinear,
}


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
