"""``ivg-dataset rewrite``: the texts of a clip store by an instruction rewriter, for training on what it writes."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import IvgError, StoreError
from ..shared.command import check_device

if TYPE_CHECKING:
    from ...data.clip_store import ClipStore
    from ...instructions import InstructionRewriter

SHOWN = 20
"""Clips that could not be rewritten that are printed."""


def add_rewrite(actions: Any) -> None:
    """Add the action to the parser of ``ivg-dataset``."""
    help_text = "rewrite the texts of a store, for weights that are to be used with the same --rewriter"
    rewrite = actions.add_parser("rewrite", help=help_text, description=help_text)
    rewrite.add_argument("store", type=Path, metavar="STORE")
    name_help = "none (the given texts again), vocabulary, or a vision-language model by hub name or folder"
    rewrite.add_argument("--rewriter", required=True, metavar="NAME", help=name_help)
    rewrite.add_argument("--device", default="cpu", metavar="NAME", help="where a model computes (default: cpu)")
    rewrite.set_defaults(action=run_rewrite)


def run_rewrite(options: argparse.Namespace) -> None:
    """Do what the command line asks for.

    Raises:
        IvgError: If there is no such store or rewriter, or some texts could not be rewritten; the others are.
    """
    from ...data.clip_store import ClipStore
    from ...instructions import load_rewriter

    check_device(options.device)
    store = ClipStore.open(options.store, mode="r+")
    changed, refused = rewrite_texts(store, load_rewriter(options.rewriter, device=options.device))
    print(f"{changed} of {len(store.indices_done)} texts changed in {options.store}")
    for index in store.indices_done[:3]:
        info = store.info(int(index))
        print(f"  {info.get('given_text', info.get('text'))}\n    -> {info.get('text')}")
    if refused:
        told = "\n  ".join(
            [*refused[:SHOWN], *([f"... and {len(refused) - SHOWN} more"] if len(refused) > SHOWN else [])]
        )
        raise StoreError(f"{len(refused)} of {len(store.indices_done)} texts stay as they were\n  {told}")


def rewrite_texts(store: ClipStore, rewriter: InstructionRewriter) -> tuple[int, list[str]]:
    """Rewrites the text of every clip from the one first given, which is kept as `given_text`.

    The acting hand is the one that the clip's info names; without that, the hand that is found in more frames. Clips
    that carry this rewriter's text already are left alone, so that a stopped run goes on.

    Args:
        store: Opened for writing.
        rewriter: Writes the texts; its provenance is kept as `rewriter`.

    Returns:
        How many texts are others than before; and why some clips, which are as they were, could not be rewritten.
    """
    changed, refused = 0, []
    for index in (int(index) for index in store.indices_done):
        info = store.info(index)
        if info.get("rewriter", {"name": "none"}) == rewriter.provenance:
            continue
        given = str(info.get("given_text", info.get("text", "")))
        frame = np.asarray(store.array("frames")[index, 0])
        try:
            text = rewriter(given, frame=frame, side=_side(store, index, info))
            store.write_info(index, {**info, "text": text, "given_text": given, "rewriter": rewriter.provenance})
        except IvgError as error:  # such as a text that no longer fits
            refused.append(str(error))
            continue
        changed += text != info.get("text")
    return changed, refused


def _side(store: ClipStore, index: int, info: dict[str, Any]) -> str:
    if info.get("side") in ("left", "right"):
        return str(info["side"])
    left, right = (np.asarray(store.array("present")[index]) == 1).sum(0)
    return "left" if left > right else "right"
