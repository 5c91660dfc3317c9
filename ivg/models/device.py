"""Names of torch devices, checked before anything is loaded onto them."""

from __future__ import annotations

from ..errors import InputError


def checked_device(name: str) -> str:
    """Return a device's name ("cpu", "cuda", "cuda:1", ...) if torch can compute there.

    Raises:
        InputError: If not; it names the devices that are there.
    """
    import torch

    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        there = ["cpu", *(f"cuda:{index}" for index in range(torch.cuda.device_count()))]
        raise InputError(f"device '{name}' cannot be used: {reason}; there is {', '.join(there)}") from error
    return name


def check_device(name: str | None) -> None:
    """Refuse a device on which torch cannot compute here, before processes start that would each fail.

    Raises:
        InputError: Naming the devices that are there. None and "cpu" are not looked at.
    """
    if name not in (None, "cpu"):
        checked_device(str(name))
