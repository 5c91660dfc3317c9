"""The base scale's text encoder: CLIP's, of transformers, under the signature of `nano`'s."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from transformers import CLIPTextModel, CLIPTokenizer

from ...errors import InputError
from ...inputs import check_text


class ClipTextEncoder:
    """Encodes instructions to the tokens that pretrained text-to-video networks were trained with.

    As in Stable Diffusion, texts are padded to the length that the encoder knows (77), and the padding is attended to:
    no mask hides it.

    Args:
        model: transformers' `CLIPTextModel`.
        tokenizer: Its tokenizer.
    """

    def __init__(self, model: CLIPTextModel, tokenizer: CLIPTokenizer) -> None:
        self.model, self.tokenizer = model, tokenizer
        frozen: nn.Module = model
        frozen.eval().requires_grad_(False)

    @property
    def width(self) -> int:
        """Channels of a token."""
        return int(self.model.config.hidden_size)

    @torch.no_grad()
    def encode(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Encode texts.

        Args:
            texts: At least one text; none may be empty.

        Returns:
            Tokens float32 (n, l, width) and bool (n, l), true throughout; l is the encoder's length, 77.

        Raises:
            InputError: If there is no text, or an empty one.
        """
        if not texts:
            raise InputError("texts must hold at least one text")
        cleaned = [" ".join(check_text(text).split()) for text in texts]
        length = int(self.model.config.max_position_embeddings)
        ids = self.tokenizer(
            cleaned, padding="max_length", max_length=length, truncation=True, return_tensors="pt"
        ).input_ids.to(self.model.device)
        tokens: Tensor = self.model(input_ids=ids).last_hidden_state
        return tokens.float(), torch.ones(tokens.shape[:2], dtype=torch.bool, device=tokens.device)
