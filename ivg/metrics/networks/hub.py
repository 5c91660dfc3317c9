"""CLIP (Radford et al. 2021, arXiv 2103.00020) and BLIP (Li et al. 2022, arXiv 2201.12086) by name or folder."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from transformers import AutoImageProcessor, AutoTokenizer, BlipForImageTextRetrieval, CLIPModel
from transformers.utils import logging

from ...errors import WeightsError


class HubEmbeddings(ABC):
    """Embeds frames and texts with a model of the hub.

    Args:
        source: Name on the hub, or folder; None takes `default`.
        device: Where to compute.
        download: Whether the hub may be asked for it; else only what is here is used.

    Raises:
        WeightsError: If it cannot be had.
    """

    name: ClassVar[str]
    kind: ClassVar[Any]
    default: ClassVar[str]

    def __init__(
        self, source: str | None = None, device: str | torch.device = "cpu", *, download: bool = False
    ) -> None:
        self.source, self.device = source or self.default, torch.device(device)
        model, self._processor, self._tokenizer = load_hub_model(self.kind, self.source, self.name, download=download)
        self.model: Any = model.to(device)

    @torch.no_grad()
    def images(self, frames: Tensor) -> Tensor:
        """Returns embeddings (b, d) of frames, uint8 (b, h, w, 3), prepared as the model's own settings say."""
        pixels = self._processor(images=list(frames.cpu().numpy()), return_tensors="pt")["pixel_values"]
        return self._image_embeddings(self.model.vision_model(pixel_values=pixels.to(self.device)))

    @torch.no_grad()
    def texts(self, texts: Sequence[str]) -> Tensor:
        """Returns embeddings (n, d) of texts; what is longer than the model takes is cut off."""
        tokens = self._tokenizer(list(texts), padding=True, truncation=True, return_tensors="pt").to(self.device)
        return self._text_embeddings(tokens["input_ids"], tokens["attention_mask"])

    @abstractmethod
    def _image_embeddings(self, encoded: Any) -> Tensor: ...

    @abstractmethod
    def _text_embeddings(self, tokens: Tensor, mask: Tensor) -> Tensor: ...


class ClipEmbeddings(HubEmbeddings):
    """CLIP's embeddings of images and texts. The paper does not say which CLIP it used."""

    name, kind, default = "clip", CLIPModel, "openai/clip-vit-base-patch32"

    def _image_embeddings(self, encoded: Any) -> Tensor:
        embeddings: Tensor = self.model.visual_projection(encoded.pooler_output)
        return embeddings

    def _text_embeddings(self, tokens: Tensor, mask: Tensor) -> Tensor:
        encoded = self.model.text_model(input_ids=tokens, attention_mask=mask)
        embeddings: Tensor = self.model.text_projection(encoded.pooler_output)
        return embeddings


class BlipEmbeddings(HubEmbeddings):
    """BLIP's contrastive heads. The paper's tables are over the large model, its supplement's over the base one."""

    name, kind, default = "blip", BlipForImageTextRetrieval, "Salesforce/blip-itm-large-coco"

    def _image_embeddings(self, encoded: Any) -> Tensor:
        embeddings: Tensor = self.model.vision_proj(encoded.last_hidden_state[:, 0])
        return embeddings

    def _text_embeddings(self, tokens: Tensor, mask: Tensor) -> Tensor:
        encoded = self.model.text_encoder(input_ids=tokens, attention_mask=mask)
        embeddings: Tensor = self.model.text_proj(encoded.last_hidden_state[:, 0])
        return embeddings


def load_hub_model(kind: Any, source: str, option: str, *, download: bool = False) -> tuple[nn.Module, Any, Any]:
    """Loads a model with its image processor and tokenizer.

    Args:
        kind: The transformers class of the model.
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
    """Silences transformers, whose messages the error or the result repeats."""
    level = logging.get_verbosity()
    logging.set_verbosity(logging.CRITICAL)
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        logging.enable_progress_bar()
