"""``ivg-dataset rewrite``: the texts of a clip store by an instruction rewriter, for training on what it writes."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ...errors import StoreError
from ..shared.command import add_action
from ..shared.options import add_options


def add_rewrite(actions: Any) -> None:
    """Add the action to the parser of ``ivg-dataset``."""
    help_text = "rewrite the texts of a store, for weights that are to be used with the same --rewriter"
    rewrite = add_action(actions, "rewrite", help_text, run_rewrite)
    rewrite.add_argument("store", type=Path, metavar="STORE")
    name_help = "none (the given texts again), vocabulary, or a vision-language model by hub name or folder"
    rewrite.add_argument("--rewriter", required=True, metavar="NAME", help=name_help)
    add_options(rewrite, "device")


def run_rewrite(options: argparse.Namespace) -> None:
    """Rewrite the texts; an error lists those that stay as they were."""
    from ...workflows.clips.rewrite import rewrite_texts

    result = rewrite_texts(options.store, options.rewriter, device=options.device)
    print(result.report)
    if result.refused:
        raise StoreError(result.refusals)
