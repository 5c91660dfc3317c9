"""Rewrites the texts of a clip store by an instruction rewriter, for training on what it writes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...data.clip_store import ClipStore
from ...errors import IvgError
from ...inputs import check_device

if TYPE_CHECKING:
    from ...instructions import InstructionRewriter

SHOWN = 20  # refusals named in the report


@dataclass(frozen=True)
class RewriteResult:
    """The clips, how many texts are others than before, and why the texts of some could not be rewritten."""

    store: ClipStore
    changed: int
    refused: list[str]

    @property
    def report(self) -> str:
        """The counts in words, with the first texts."""
        lines = [f"{self.changed} of {len(self.store.indices_done)} texts changed in {self.store.path}"]
        for index in self.store.indices_done[:3]:
            info = self.store.info(int(index))
            lines.append(f"  {info.get('given_text', info.get('text'))}\n    -> {info.get('text')}")
        return "\n".join(lines)

    @property
    def refusals(self) -> str:
        """Why some clips could not be rewritten, in words."""
        hidden = len(self.refused) - SHOWN
        head = f"{len(self.refused)} of {len(self.store.indices_done)} texts stay as they were"
        return "\n  ".join([head, *self.refused[:SHOWN], *([f"... and {hidden} more"] if hidden > 0 else [])])


def rewrite_texts(path: Path, rewriter: str | InstructionRewriter, *, device: str = "cpu") -> RewriteResult:
    """Rewrite the text of every clip from the one first given, which is kept as `given_text`.

    The acting hand is the one that the clip's info names; without that, the hand that is found in more frames. Clips
    that carry this rewriter's text already are left alone, so that a stopped run goes on. A rewriter may be given by
    its name (`ivg.instructions.load_rewriter`); its provenance is kept.

    Raises:
        IvgError: There is no such store or rewriter.
    """
    from ...instructions import load_rewriter

    check_device(device)
    store = ClipStore.open(path, mode="r+")
    rewrite = load_rewriter(rewriter, device=device) if isinstance(rewriter, str) else rewriter
    changed, refused = 0, []
    for index in (int(index) for index in store.indices_done):
        info = store.info(index)
        if info.get("rewriter", {"name": "none"}) == rewrite.provenance:
            continue
        given = str(info.get("given_text", info.get("text", "")))
        frame = np.asarray(store.array("frames")[index, 0])
        try:
            text = rewrite(given, frame=frame, side=_side(store, index, info))
            store.write_info(index, {**info, "text": text, "given_text": given, "rewriter": rewrite.provenance})
        except IvgError as error:  # such as a text that no longer fits
            refused.append(str(error))
            continue
        changed += text != info.get("text")
    return RewriteResult(store, changed, refused)


def _side(store: ClipStore, index: int, info: dict[str, Any]) -> str:
    if info.get("side") in ("left", "right"):
        return str(info["side"])
    left, right = (np.asarray(store.array("present")[index]) == 1).sum(0)
    return "left" if left > right else "right"
