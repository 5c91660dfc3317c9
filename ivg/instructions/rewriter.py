"""What a rewriter of instructions is, the one that leaves them as they are, and which one a name means."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ..errors import unknown_option

if TYPE_CHECKING:
    from .vocabulary import SceneVocabulary


# Rewriters by name; a hub name with a slash or a folder means a model of transformers
REWRITERS = ("none", "vocabulary")


@runtime_checkable
class InstructionRewriter(Protocol):
    """Turns an instruction into a richer description, before the text is encoded.

    The paper has a language model do it (E_text "after instruction tuning", Sec. 3.1.1). The model that is conditioned
    on the text has to be trained on texts of the same rewriter.
    """

    @property
    def provenance(self) -> dict[str, Any]:
        """What JSON can hold of it: `name`, and what else decides what it writes."""
        ...

    def __call__(self, text: str, *, frame: NDArray[np.uint8] | None = None, side: str = "right") -> str:
        """Return the text to use instead of an instruction such as "cut the carrot"; the given one if nothing is to be added.

        The same arguments give the same text. `frame` is uint8 (h, w, 3) RGB, the scene, for rewriters that look at it;
        `side` is the acting hand, "left" or "right".
        """
        ...


class PlainRewriter:
    """Leaves instructions as they are."""

    @property
    def provenance(self) -> dict[str, Any]:
        """Its name."""
        return {"name": "none"}

    def __call__(self, text: str, *, frame: NDArray[np.uint8] | None = None, side: str = "right") -> str:
        """Return the text."""
        return text


def load_rewriter(
    name: str | Path | InstructionRewriter, *, device: str = "cpu", vocabulary: SceneVocabulary | None = None
) -> InstructionRewriter:
    """Return a rewriter of instructions.

    Args:
        name: "none", "vocabulary", a hub name such as "owner/model", a folder with a model, or a rewriter itself.
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
        from .vocabulary_rewriter import VocabularyRewriter

        return VocabularyRewriter(vocabulary)
    if Path(name).is_dir() or "/" in str(name):
        from .transformers_rewriter import TransformersRewriter

        return TransformersRewriter(name, device)
    raise unknown_option("rewriter", name, (*REWRITERS, "a hub name such as owner/model", "a folder"))
