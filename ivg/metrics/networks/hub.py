"""CLIP (Radford et al. 2021, arXiv 2103.00020) and BLIP (Li et al. 2022, arXiv 2201.12086) by name or folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor
from transformers import AutoImageProcessor, AutoTokenizer, BlipForImageTextRetrieval, CLIPModel
from transformers.utils import logging

from ...errors import WeightsError


class HubEmbeddings:
    """Embeds frames and texts with a model of the hub.

    Args:
        source: Name on the hub, or folder in the same layout; None takes `default`.
        device: Where to compute.
        download: Whether the hub may be asked for it; else only what is here is used.

    Raises:
        WeightsError: If it cannot be had, or lacks parameters (transformers would make them up).
    """

    name: ClassVar[str]  # the command line's, for messages
    kind: ClassVar[Any]  # the transformers class of the model
    default: ClassVar[str]
    text_encoder: ClassVar[str]
    image_projection: ClassVar[str]
    text_projection: ClassVar[str]
    pooled: ClassVar[bool]  # whether the pooled output is projected, or the first token

    def __init__(
        self, source: str | None = None, device: str | torch.device = "cpu", *, download: bool = False
    ) -> None:
        self.source, self.device = source or self.default, torch.device(device)
        where = {"local_files_only": not download}
        with _quiet():
            try:
                model, info = self.kind.from_pretrained(
                    self.source, dtype=torch.float32, output_loading_info=True, **where
                )
                self._processor = AutoImageProcessor.from_pretrained(self.source, **where)
                self._tokenizer = AutoTokenizer.from_pretrained(self.source, **where)
            except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
                raise _unavailable(self.source, self.name, download, error) from error
        lacking = sorted(set(info["missing_keys"]) & {name for name, _ in model.named_parameters()})
        lacking += [str(key) for key in info["mismatched_keys"]]
        if lacking:
            raise WeightsError(
                f"{self.source} is no whole {self.kind.__name__}: {len(lacking)} parameters are missing ({lacking[0]})"
            )
        self.model: Any = model.eval().requires_grad_(False).to(device)

    @torch.no_grad()
    def images(self, frames: Tensor) -> Tensor:
        """Returns embeddings (b, d) of frames, uint8 (b, h, w, 3), prepared as the model's own settings say."""
        pixels = self._processor(images=list(frames.cpu().numpy()), return_tensors="pt")["pixel_values"]
        encoded = self.model.vision_model(pixel_values=pixels.to(self.device))
        return self._projected(self.image_projection, encoded)

    @torch.no_grad()
    def texts(self, texts: Sequence[str]) -> Tensor:
        """Returns embeddings (n, d) of texts; what is longer than the model takes is cut off."""
        tokens = self._tokenizer(list(texts), padding=True, truncation=True, return_tensors="pt").to(self.device)
        encoder = getattr(self.model, self.text_encoder)
        encoded = encoder(input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"])
        return self._projected(self.text_projection, encoded)

    def _projected(self, projection: str, encoded: Any) -> Tensor:
        pooled = encoded.pooler_output if self.pooled else encoded.last_hidden_state[:, 0]
        embeddings: Tensor = getattr(self.model, projection)(pooled)
        return embeddings


class ClipEmbeddings(HubEmbeddings):
    """CLIP's embeddings of images and texts. The paper does not say which CLIP it used."""

    name, kind, default = "clip", CLIPModel, "openai/clip-vit-base-patch32"
    text_encoder, image_projection, text_projection = "text_model", "visual_projection", "text_projection"
    pooled = True


class BlipEmbeddings(HubEmbeddings):
    """BLIP's contrastive heads. The paper's tables are over the large model, its supplement's over the base one."""

    name, kind, default = "blip", BlipForImageTextRetrieval, "Salesforce/blip-itm-large-coco"
    text_encoder, image_projection, text_projection = "text_encoder", "vision_proj", "text_proj"
    pooled = False


def _unavailable(source: str, option: str, download: bool, error: Exception) -> WeightsError:
    if Path(source).expanduser().is_dir():
        reason = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        return WeightsError(f"the folder {source} holds no usable model: {reason}")
    if download:
        return WeightsError(f"{source} could not be downloaded from the hub; a folder can be given by --{option}")
    return WeightsError(f"{source} is not here: run ivg-eval fetch-networks {option}, or give --{option} FOLDER")


@contextmanager
def _quiet() -> Iterator[None]:
    """Silences transformers, whose messages the error or the result repeats."""
    level = logging.get_verbosity()
    logging.set_verbosity(logging.CRITICAL)
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        logging.enable_progress_bar()
