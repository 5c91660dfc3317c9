"""Which rewriter a name means."""

from __future__ import annotations

from pathlib import Path

from ..errors import unknown_option
from .rewriter import InstructionRewriter, PlainRewriter
from .vocabulary import SceneVocabulary
from .vocabulary_rewriter import VocabularyRewriter

REWRITERS = ("none", "vocabulary")
"""Rewriters by name; a hub name with a slash or a folder means a model of transformers."""


def load_rewriter(
    name: str | Path | InstructionRewriter, *, device: str = "cpu", vocabulary: SceneVocabulary | None = None
) -> InstructionRewriter:
    """Return a rewriter of instructions.

    Args:
        name: "none", "vocabulary", a hub name such as "owner/model", a folder with a model, or a rewriter, which is
            returned as it is.
        device: Where a model computes.
        vocabulary: For "vocabulary"; kitchens in general if None.

    Raises:
        InputError: If there is no such name.
        WeightsError: If there is no such model.
    """
    if not isinstance(name, str | Path):
        return name
    if str(name) == "none":
        return PlainRewriter()
    if str(name) == "vocabulary":
        return VocabularyRewriter(vocabulary)
    if Path(name).is_dir() or "/" in str(name):
        from .transformers_rewriter import TransformersRewriter

        return TransformersRewriter(name, device)
    raise unknown_option("rewriter", name, (*REWRITERS, "a hub name such as owner/model", "a folder"))
