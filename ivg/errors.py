"""The errors that users of ivg meet: each message names the bad value, the rule and the options."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class IvgError(ValueError):
    """Base of every error that ivg raises on purpose."""


class InputError(IvgError):
    """A frame, a text or another input breaks a rule of shape, dtype or range."""


class ConfigError(IvgError):
    """A configuration holds an unknown key or an impossible value."""


class WeightsError(IvgError):
    """Model weights are missing, incomplete or not the ones expected."""


class TrainingError(IvgError):
    """Training cannot go on: the loss or its gradient is no number."""


class StoreError(IvgError):
    """A clip store is missing, incomplete or of another layout."""


def unknown_option(name: str, value: object, options: Iterable[object]) -> IvgError:
    """Build the `InputError` for a value that is none of the options; `name` says what it is, as users would call it.

    Example:
        >>> unknown_option("task", "cut_carot", ["cut_carrot", "stir_pot"])
        InputError("unknown task 'cut_carot': did you mean 'cut_carrot'? Options: cut_carrot, stir_pot")
    """
    names = [str(option) for option in options]
    near = difflib.get_close_matches(str(value), names, n=1, cutoff=0.5)
    hint = f": did you mean '{near[0]}'? Options" if near else "; options"
    return InputError(f"unknown {name} {str(value)!r}{hint}: {', '.join(names)}")
