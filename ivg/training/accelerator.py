"""accelerate's device and precision, as every training of ivg takes them."""

from __future__ import annotations

from datetime import timedelta

from accelerate import Accelerator, DistributedDataParallelKwargs, InitProcessGroupKwargs
from accelerate.state import AcceleratorState

from .precision import chosen_precision
from .settings import RunConfig

_PATIENCE = timedelta(hours=24)
"""How long processes wait for the first one, which encodes the clips before training and judges it on held-out ones."""


def new_accelerator(config: RunConfig, device: str | None = None) -> Accelerator:
    """Return a new accelerator; one that an earlier training in this process left is forgotten.

    Args:
        config: Says the precision.
        device: "cpu" keeps off the GPUs; anything else is accelerate's choice.
    """
    AcceleratorState._reset_state(reset_partial_state=True)  # or a second run in one process could not differ
    return Accelerator(
        mixed_precision=chosen_precision(config.precision, "cpu" if device == "cpu" else None),
        cpu=device == "cpu",
        kwargs_handlers=[
            InitProcessGroupKwargs(timeout=_PATIENCE),
            DistributedDataParallelKwargs(gradient_as_bucket_view=True),
        ],
    )
