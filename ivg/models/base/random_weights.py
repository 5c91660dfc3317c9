"""Random networks in the layout of a text-to-video pipeline on the hub: to try code and machines without a download."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet3DConditionModel
from tokenizers.pre_tokenizers import ByteLevel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

ARCHITECTURE = ("autoencoder", "text_encoder", "denoiser", "scheduler")
"""Keys of an architecture, as in `configs/model/base.yaml`."""


def save_random_base(architecture: Mapping[str, Mapping[str, Any]], folder: Path, seed: int = 0) -> None:
    """Write `vae/`, `text_encoder/`, `tokenizer/`, `unet/` and `scheduler/` with random weights.

    The tokenizer knows single bytes only.

    Args:
        architecture: Keyword arguments by component: of `AutoencoderKL`, `CLIPTextConfig`, `UNet3DConditionModel` and
            of diffusers' schedulers.
        folder: Where to write.
        seed: Of the weights.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        AutoencoderKL(**architecture["autoencoder"]).save_pretrained(folder / "vae")
        UNet3DConditionModel(**architecture["denoiser"]).save_pretrained(folder / "unet")
        CLIPTextModel(CLIPTextConfig(**architecture["text_encoder"])).save_pretrained(folder / "text_encoder")
    CLIPTokenizer(vocab=_bytes(), merges=[]).save_pretrained(folder / "tokenizer")
    DDIMScheduler(**architecture["scheduler"]).save_pretrained(folder / "scheduler")


def _bytes() -> dict[str, int]:
    """Return a vocabulary of single bytes, inside and at the end of words."""
    letters = sorted(ByteLevel.alphabet())
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    return {word: place for place, word in enumerate(words)}
