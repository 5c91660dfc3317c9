"""Device and precision: bfloat16 where the device computes in it itself (emulated it is ten times slower)."""

from __future__ import annotations

from datetime import timedelta

import torch
from accelerate import Accelerator, DistributedDataParallelKwargs, InitProcessGroupKwargs
from accelerate.state import AcceleratorState

from .settings import RunConfig


def new_accelerator(config: RunConfig, device: str | None = None) -> Accelerator:
    """Return a new accelerator in place of one that an earlier training left; device "cpu" keeps off the GPUs."""
    AcceleratorState._reset_state(reset_partial_state=True)  # or a second run in one process could not differ
    patience = InitProcessGroupKwargs(timeout=timedelta(hours=24))  # the first process encodes the clips, and validates
    precision = chosen_precision(config.precision, "cpu" if device == "cpu" else None)
    handlers = [patience, DistributedDataParallelKwargs(gradient_as_bucket_view=True)]
    return Accelerator(mixed_precision=precision, cpu=device == "cpu", kwargs_handlers=handlers)


def bf16_pays(device: torch.device | str | None = None) -> bool:
    """Whether a device computes in bfloat16 itself. (None: a GPU if there is one, else the CPU)."""
    kind = torch.device(device).type if device is not None else "cuda" if torch.cuda.is_available() else "cpu"
    if kind == "cpu":
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return kind != "cuda" or torch.cuda.is_bf16_supported(including_emulation=False)


def chosen_precision(name: str, device: torch.device | str | None = None) -> str:
    """Return the precision, "no", "bf16" or "fp16", that a configured one stands for: "auto" is bf16 where it pays."""
    return name if name != "auto" else "bf16" if bf16_pays(device) else "no"
