"""Errors of the simulated environments; each message names the bad value, the rule and the options."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class EnvsError(ValueError):
    """A value given to an environment is outside of what it accepts."""


class RenderingError(EnvsError):
    """No offscreen OpenGL could be had on this machine."""


def unknown_option(what: str, value: object, options: Iterable[str]) -> EnvsError:
    """Build the error for a name that is none of `options`, with the nearest one as a suggestion.

    Args:
        what: What the value names, as the message says it, for instance ``"task"``.
        value: The value that was given.
        options: The names that are accepted.

    Returns:
        The error; the caller raises it.
    """
    names = list(options)
    near = difflib.get_close_matches(str(value), names, n=1, cutoff=0.4)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return EnvsError(f"unknown {what} {value!r}: it must be one of {', '.join(names)}.{hint}")
