"""Where a generated demonstration comes from: weights, versions, appearance, as JSON can hold them."""

from __future__ import annotations

import hashlib
import platform
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ivg.types import Appearance

# Packages whose versions may change what is generated or found.
PACKAGES = ("ivg", "torch", "diffusers", "transformers", "mediapipe", "zarr", "numpy")


def weights_sha256(pipeline: Any) -> str:
    """Return the SHA-256, in hex, of the torch modules among a diffusers pipeline's `components`.

    It is taken over name, dtype, shape and bytes of every parameter and buffer in order of their names: the same on
    every device, and whatever folder or file the weights came from.
    """
    import torch

    digest = hashlib.sha256()
    modules = {n: m for n, m in pipeline.components.items() if isinstance(m, torch.nn.Module)}
    for name, module in sorted(modules.items()):
        for key, tensor in sorted(module.state_dict().items()):
            values = tensor.detach().cpu().contiguous()
            digest.update(f"{name}.{key} {values.dtype} {tuple(values.shape)}\n".encode())
            digest.update(values.flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()


def versions() -> dict[str, str]:
    """Return the versions of Python and of `PACKAGES` (those that are installed)."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        with suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


def describe_appearance(appearance: Appearance) -> dict[str, Any]:
    """Return an appearance as JSON can hold it."""
    return {
        "skin_rgb": [round(float(channel), 4) for channel in appearance.skin_rgb],
        "hand_scale": round(float(appearance.hand_scale), 4),
        "side": appearance.side,
    }
