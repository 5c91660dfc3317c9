"""Models of the hub: loaded by name from its local cache, or from a folder, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import AutoImageProcessor, AutoTokenizer
from transformers.utils import logging

from ...errors import WeightsError


def load_hub_model(kind: Any, source: str, option: str, *, download: bool = False) -> tuple[nn.Module, Any, Any]:
    """Loads a model with its image processor and tokenizer.

    Args:
        kind: The transformers class that the model has to be of.
        source: Name on the hub, or a folder in the same layout.
        option: The command line's name for it ("clip"), for messages.
        download: Whether the hub may be asked; else only what is here is used.

    Returns:
        The model in float32, frozen; the image processor; the tokenizer.

    Raises:
        WeightsError: If it cannot be had, or lacks parameters (transformers would make them up).
    """
    where = {"local_files_only": not download}
    with _quiet():
        try:
            model, info = kind.from_pretrained(source, dtype=torch.float32, output_loading_info=True, **where)
            processor = AutoImageProcessor.from_pretrained(source, **where)
            tokenizer = AutoTokenizer.from_pretrained(source, **where)
        except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
            raise _unavailable(source, option, download, error) from error
    lacking = sorted(set(info["missing_keys"]) & {name for name, _ in model.named_parameters()})
    lacking += [str(key) for key in info["mismatched_keys"]]
    if lacking:
        raise WeightsError(
            f"{source} is no whole {kind.__name__}: {len(lacking)} parameters are missing ({lacking[0]})"
        )
    return model.eval().requires_grad_(False), processor, tokenizer


def _unavailable(source: str, option: str, download: bool, error: Exception) -> WeightsError:
    if Path(source).expanduser().is_dir():
        reason = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        return WeightsError(f"the folder {source} holds no usable model: {reason}")
    if download:
        return WeightsError(f"{source} could not be downloaded from the hub; a folder can be given by --{option}")
    return WeightsError(f"{source} is not here: run ivg-eval fetch-networks {option}, or give --{option} FOLDER")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps transformers from telling of each model what the error or the result tells anyway."""
    level = logging.get_verbosity()
    logging.set_verbosity(logging.CRITICAL)
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        logging.enable_progress_bar()
