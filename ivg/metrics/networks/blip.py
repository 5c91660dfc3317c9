"""BLIP's embeddings of pictures and texts: its contrastive heads (Li et al. 2022, arXiv 2201.12086)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import BlipForImageTextRetrieval

from .hub import load_hub_model

DEFAULT_BLIP = "Salesforce/blip-itm-large-coco"
"""The paper's tables are over the large model, its supplement's over the base one (Appendix C)."""


class BlipEmbeddings:
    """Embeds frames and texts.

    Args:
        source: Name on the hub or folder of a `BlipForImageTextRetrieval`.
        device: Where to compute.
        download: Whether the hub may be asked for it.

    Raises:
        WeightsError: If it cannot be had.
    """

    def __init__(
        self, source: str = DEFAULT_BLIP, device: str | torch.device = "cpu", *, download: bool = False
    ) -> None:
        loaded = load_hub_model(BlipForImageTextRetrieval, source, "blip", download=download)
        model, self._processor, self._tokenizer = loaded
        self.model = model.to(device)
        self.device = torch.device(device)
        self.source = source

    @torch.no_grad()
    def images(self, frames: Tensor) -> Tensor:
        """Returns embeddings (b, d) of frames, uint8 (b, h, w, 3), prepared as the model's own settings say."""
        pixels = self._processor(images=list(frames.cpu().numpy()), return_tensors="pt")["pixel_values"]
        encoded = self.model.vision_model(pixel_values=pixels.to(self.device)).last_hidden_state
        embeddings: Tensor = self.model.vision_proj(encoded[:, 0])
        return embeddings

    @torch.no_grad()
    def texts(self, texts: Sequence[str]) -> Tensor:
        """Returns embeddings (n, d) of texts; what is longer than the model takes is cut off."""
        tokens = self._tokenizer(list(texts), padding=True, truncation=True, return_tensors="pt").to(self.device)
        encoder = self.model.text_encoder
        encoded = encoder(input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"]).last_hidden_state
        embeddings: Tensor = self.model.text_proj(encoded[:, 0])
        return embeddings
