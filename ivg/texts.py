"""What a text that says what to do may be."""

from __future__ import annotations

import unicodedata

from .errors import InputError

LONGEST = 1000
"""Characters; far more than the text encoders read."""


def check_text(text: object) -> str:
    """Return the text if it is one that says something.

    Raises:
        InputError: If it is no string, says nothing, is longer than `LONGEST` or holds control characters other than
            blanks.
    """
    if not isinstance(text, str):
        raise InputError(f"text must be a string, got {type(text).__name__}")
    if not text.strip():
        raise InputError(f"text must say what the hand shall do (like 'cut the carrot'), got {text!r}")
    if len(text) > LONGEST:
        raise InputError(f"text must have at most {LONGEST} characters, got {len(text)}: {text[:20]!r}...")
    odd = [letter for letter in text if unicodedata.category(letter) in ("Cc", "Cs") and not letter.isspace()]
    if odd:
        raise InputError(f"text must not hold control characters, got {odd[0]!r} in {text[:40]!r}")
    return text
