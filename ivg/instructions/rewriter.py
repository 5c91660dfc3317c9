"""What a rewriter of instructions is, and the one that leaves them as they are."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray


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
        """Rewrite an instruction.

        Args:
            text: Such as "cut the carrot".
            frame: uint8 (h, w, 3), RGB: the scene, for rewriters that look at it.
            side: The acting hand, "left" or "right".

        Returns:
            The text to use instead; the given one where the rewriter has nothing to add. The same arguments give the
            same text.
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
