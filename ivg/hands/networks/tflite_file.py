"""Reading TFLite files: the operations of a graph, with the constants they use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tflite
from numpy.typing import NDArray

from ...errors import WeightsError

_NAMES: dict[int, str] = {value: name for name, value in vars(tflite.BuiltinOperator).items() if isinstance(value, int)}
_TYPES: dict[int, Any] = {
    tflite.TensorType.FLOAT32: np.float32,
    tflite.TensorType.FLOAT16: np.float16,
    tflite.TensorType.INT32: np.int32,
}


@dataclass(frozen=True, eq=False)
class Operation:
    """One operation of a graph; channels are last, as TFLite has them."""

    name: str  # as TFLite calls it, such as "CONV_2D"
    inputs: tuple[int, ...]  # indices of the tensors that are computed before it
    constants: tuple[NDArray[Any], ...]  # its constant inputs in order, float16 widened to float32
    output: int  # index of the tensor that it computes
    output_shape: tuple[int, ...]  # shape of that tensor for one image
    options: Any  # TFLite's options table, not yet given a type


@dataclass(frozen=True, eq=False)
class Graph:
    """A TFLite model with one input."""

    input: int  # index of the input tensor
    input_shape: tuple[int, ...]  # its shape, channels last
    outputs: tuple[int, ...]  # indices of the output tensors
    operations: tuple[Operation, ...]  # in the order in which they run


def read_graph(path: Path) -> Graph:
    """Read a TFLite file, or raise a `WeightsError`.

    Weights that are stored in half precision are widened, and the operations that would do so left out.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise WeightsError(f"cannot read {path}: {error.strerror}") from None
    if not tflite.Model.ModelBufferHasIdentifier(content, 0):
        raise WeightsError(f"{path} is no TFLite model")
    model = tflite.Model.GetRootAsModel(content, 0)
    graph = model.Subgraphs(0)
    return Graph(
        input=int(graph.Inputs(0)),
        input_shape=_shape(graph, int(graph.Inputs(0))),
        outputs=tuple(int(index) for index in graph.OutputsAsNumpy()),
        operations=tuple(_operations(model, graph)),
    )


def _operations(model: Any, graph: Any) -> Iterator[Operation]:
    constants = _constants(model, graph)
    for position in range(graph.OperatorsLength()):
        operator = graph.Operators(position)
        code = model.OperatorCodes(operator.OpcodeIndex())
        name = _NAMES.get(max(code.BuiltinCode(), code.DeprecatedBuiltinCode()), "an unknown one")
        inputs = [int(index) for index in operator.InputsAsNumpy()]
        output = int(operator.Outputs(0))
        if name == "DEQUANTIZE" and inputs[0] in constants:
            constants[output] = constants[inputs[0]].astype(np.float32)
            continue
        yield Operation(
            name=name,
            inputs=tuple(index for index in inputs if index not in constants),
            constants=tuple(constants[index] for index in inputs if index in constants),
            output=output,
            output_shape=_shape(graph, output),
            options=operator.BuiltinOptions(),
        )


def _constants(model: Any, graph: Any) -> dict[int, NDArray[Any]]:
    """Return the tensors of a graph, by index, that hold values of the file."""
    found = {}
    for index in range(graph.TensorsLength()):
        tensor = graph.Tensors(index)
        buffer = model.Buffers(tensor.Buffer())
        if buffer.DataLength() > 0:
            values = np.frombuffer(buffer.DataAsNumpy().tobytes(), _TYPES[tensor.Type()])
            found[index] = values.reshape(_shape(graph, index)).copy()
    return found


def _shape(graph: Any, index: int) -> tuple[int, ...]:
    shape = graph.Tensors(index).ShapeAsNumpy()
    return () if isinstance(shape, int) else tuple(int(n) for n in shape)
