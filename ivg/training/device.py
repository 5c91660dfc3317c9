"""Device and precision of a training: bfloat16 where the device computes in it itself, else float32.

On some processors bfloat16 is emulated, and ten times slower than float32.
"""

from __future__ import annotations

from datetime import timedelta

import torch
from accelerate import Accelerator, DistributedDataParallelKwargs, InitProcessGroupKwargs
from accelerate.state import AcceleratorState

from .settings import RunConfig

_PATIENCE = timedelta(hours=24)
"""How long processes wait for the first one, which encodes the clips before training and judges it on held-out ones."""


def new_accelerator(config: RunConfig, device: str | None = None) -> Accelerator:
    """Return a new accelerator in place of one that an earlier training left; device "cpu" keeps off the GPUs."""
    AcceleratorState._reset_state(reset_partial_state=True)  # or a second run in one process could not differ
    return Accelerator(
        mixed_precision=chosen_precision(config.precision, "cpu" if device == "cpu" else None),
        cpu=device == "cpu",
        kwargs_handlers=[
            InitProcessGroupKwargs(timeout=_PATIENCE),
            DistributedDataParallelKwargs(gradient_as_bucket_view=True),
        ],
    )


def bf16_pays(device: torch.device | str | None = None) -> bool:
    """Whether a device computes in bfloat16 itself. (None: a GPU if there is one, else the CPU)."""
    kind = torch.device(device).type if device is not None else "cuda" if torch.cuda.is_available() else "cpu"
    if kind == "cpu":
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return kind != "cuda" or torch.cuda.is_bf16_supported(including_emulation=False)


def chosen_precision(name: str, device: torch.device | str | None = None) -> str:
    """Return the precision, "no", "bf16" or "fp16", that a configured one stands for: "auto" is bf16 where it pays."""
    if name != "auto":
        return name
    return "bf16" if bf16_pays(device) else "no"
