"""How much memory a computation would take on a GPU, and how many FLOPs: found on the meta device, nothing is run."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.flop_counter import flop_registry
from torch.utils.weak import WeakIdKeyDictionary

_HALF = {"conv1d", "conv2d", "conv3d", "linear", "matmul", "__matmul__", "bmm", "mm", "addmm", "baddbmm"}
_FULL = {"group_norm", "layer_norm", "softmax", "pow", "square", "exp", "rsqrt", "norm", "mse_loss", "sum"}
_ATTENTION = "scaled_dot_product_attention"


@dataclass(frozen=True)
class StepCost:
    """FLOPs of a batch, and its most bytes alive at once beside weights and gradients: activations, half weights."""

    flops: int
    bytes: int


def step_cost(loss: Callable[[], Tensor], weights: Iterable[Tensor], half: bool) -> StepCost:
    """Find what a loss on the meta device and its gradient cost beside weights and their gradients.

    `half` is training in bfloat16 by autocast, whose rules of CUDA are followed.
    """
    weights = list(weights)
    for weight in weights:
        if weight.requires_grad:
            weight.grad = torch.zeros_like(weight)
    count, precision = _Count(weights), _CudaPrecision(half)
    with count, precision:
        value = loss()
        precision.forget()
        engine = torch.autograd.Variable._execution_engine  # `value.backward()` would leave the modes that are on
        flags = {"allow_unreachable": True, "accumulate_grad": True}
        engine.run_backward((value,), (torch.ones_like(value),), False, False, (), **flags)
    return StepCost(count.flops, count.peak)


class _Count(TorchDispatchMode):
    """Counts the bytes of tensors that operations make, as long as anything holds them, and the operations' FLOPs.

    torch's `FlopCounterMode` counts the same FLOPs, but its module tracker holds tensors that would be gone.
    """

    def __init__(self, known: Iterable[Tensor]) -> None:
        super().__init__()
        self.peak = self.flops = self._now = 0
        self._seen = WeakIdKeyDictionary()
        for tensor in known:
            for part in (tensor, tensor.grad):
                if part is not None:
                    self._seen[part.untyped_storage()] = True

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        if func.overloadpacket in flop_registry:
            self.flops += flop_registry[func.overloadpacket](*args, **kwargs, out_val=result)
        for value in tree_leaves(result):
            if isinstance(value, Tensor) and (storage := value.untyped_storage()) not in self._seen:
                self._seen[storage] = True
                self._add(storage.nbytes())
                weakref.finalize(storage, self._add, -storage.nbytes())
        return result

    def _add(self, size: int) -> None:
        self._now += size
        self.peak = max(self.peak, self._now)


class _CudaPrecision(TorchFunctionMode):
    """Does on the meta device what autocast and fused attention do on a GPU, as far as memory goes.

    Convolutions and matrix products take bfloat16, norms and softmax float32. Weights are cast once in the forward
    pass. Attention keeps no matrix of scores.
    """

    def __init__(self, half: bool) -> None:
        super().__init__()
        self._half, self._cast, self._keep = half, dict[int, Tensor](), True

    def forget(self) -> None:
        """End the forward pass: autocast forgets what it has cast."""
        self._cast.clear()
        self._keep = False

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs, name = kwargs or {}, getattr(func, "__name__", "")
        if self._half and (name in _HALF or name == _ATTENTION):
            args, kwargs = tree_map(self._to_half, (args, kwargs))
        elif self._half and name in _FULL:
            args, kwargs = tree_map(_to_full, (args, kwargs))
        if name == _ATTENTION and kwargs.get("attn_mask") is None:
            return torch.ops.aten._scaled_dot_product_flash_attention(*args[:3])[0]
        return func(*args, **kwargs)

    def _to_half(self, value: Any) -> Any:
        if not isinstance(value, Tensor) or value.dtype != torch.float32:
            return value
        if not (self._keep and value.is_leaf and value.requires_grad):
            return value.bfloat16()
        if id(value) not in self._cast:
            self._cast[id(value)] = value.bfloat16()
        return self._cast[id(value)]


def _to_full(value: Any) -> Any:
    return value.float() if isinstance(value, Tensor) and value.dtype == torch.bfloat16 else value
