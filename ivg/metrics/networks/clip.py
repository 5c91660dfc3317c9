"""CLIP's embeddings of pictures and texts (Radford et al. 2021, arXiv 2103.00020)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import CLIPModel

from .hub import load_hub_model

DEFAULT_CLIP = "openai/clip-vit-base-patch32"
"""The paper does not say which CLIP it used."""


class ClipEmbeddings:
    """Embeds frames and texts.

    Args:
        source: Name on the hub or folder of a `CLIPModel`.
        device: Where to compute.
        download: Whether the hub may be asked for it.

    Raises:
        WeightsError: If it cannot be had.
    """

    def __init__(
        self, source: str = DEFAULT_CLIP, device: str | torch.device = "cpu", *, download: bool = False
    ) -> None:
        model, self._processor, self._tokenizer = load_hub_model(CLIPModel, source, "clip", download=download)
        self.model = model.to(device)
        self.device = torch.device(device)
        self.source = source

    @torch.no_grad()
    def images(self, frames: Tensor) -> Tensor:
        """Returns embeddings (b, d) of frames, uint8 (b, h, w, 3), prepared as the model's own settings say."""
        pixels = self._processor(images=list(frames.cpu().numpy()), return_tensors="pt")["pixel_values"]
        pooled = self.model.vision_model(pixel_values=pixels.to(self.device)).pooler_output
        embeddings: Tensor = self.model.visual_projection(pooled)
        return embeddings

    @torch.no_grad()
    def texts(self, texts: Sequence[str]) -> Tensor:
        """Returns embeddings (n, d) of texts; what is longer than the model takes is cut off."""
        tokens = self._tokenizer(list(texts), padding=True, truncation=True, return_tensors="pt").to(self.device)
        encoded = self.model.text_model(input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"])
        embeddings: Tensor = self.model.text_projection(encoded.pooler_output)
        return embeddings
