"""Whether computing in bfloat16 pays: on some processors it is emulated, and ten times slower than float32."""

from __future__ import annotations

import torch


def bf16_pays(device: torch.device | str | None = None) -> bool:
    """Whether a device computes in bfloat16 itself.

    Args:
        device: Where to compute; None is a GPU if there is one, else the CPU.
    """
    kind = torch.device(device).type if device is not None else "cuda" if torch.cuda.is_available() else "cpu"
    if kind == "cpu":
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return kind != "cuda" or torch.cuda.is_bf16_supported(including_emulation=False)


def chosen_precision(name: str, device: torch.device | str | None = None) -> str:
    """Return the precision, "no", "bf16" or "fp16", that a configured one stands for: "auto" is bf16 where it pays."""
    if name != "auto":
        return name
    return "bf16" if bf16_pays(device) else "no"
