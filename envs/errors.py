"""Errors of the simulated environments; each message names the bad value, the rule and the options."""

import difflib
from collections.abc import Iterable


class EnvsError(ValueError):
    """A value given to an environment is outside of what it accepts."""


class RenderingError(EnvsError):
    """No offscreen OpenGL could be had on this machine."""


def unknown_option(what: str, value: object, options: Iterable[str]) -> EnvsError:
    """Return the error for a `what` that is none of `options`, with the nearest one as a suggestion."""
    names = list(options)
    near = difflib.get_close_matches(str(value), names, n=1, cutoff=0.4)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return EnvsError(f"unknown {what} {value!r}: it must be one of {', '.join(names)}.{hint}")
