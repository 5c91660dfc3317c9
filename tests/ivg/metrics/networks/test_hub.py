"""CLIP and BLIP through transformers, on tiny random models in the hub's layout."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from ivg.errors import WeightsError
from ivg.metrics.networks.hub import BlipEmbeddings, ClipEmbeddings

TEXTS = ["cut the carrot", "stir the pot."]


def frames() -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).integers(0, 256, (3, 48, 48, 3), np.uint8))


def test_clip_embeds_as_transformers_own_forward_does(tiny_clip: Path) -> None:
    from transformers import AutoImageProcessor, AutoTokenizer, CLIPModel

    network = ClipEmbeddings(str(tiny_clip))
    images, texts = network.images(frames()), network.texts(TEXTS)
    pictures = [Image.fromarray(frame) for frame in frames().numpy()]
    pixels = AutoImageProcessor.from_pretrained(tiny_clip)(images=pictures, return_tensors="pt")
    tokens = AutoTokenizer.from_pretrained(tiny_clip)(TEXTS, padding=True, return_tensors="pt")
    with torch.no_grad():
        output = CLIPModel.from_pretrained(tiny_clip)(
            pixel_values=pixels["pixel_values"],
            input_ids=tokens["input_ids"],
            attention_mask=tokens["attention_mask"],
        )
    unit = torch.nn.functional.normalize
    torch.testing.assert_close(unit(images, dim=-1), output.image_embeds, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(unit(texts, dim=-1), output.text_embeds, rtol=1e-4, atol=1e-5)


def test_blip_embeds_as_its_contrastive_head_does(tiny_blip: Path) -> None:
    from transformers import AutoImageProcessor, AutoTokenizer, BlipForImageTextRetrieval

    network = BlipEmbeddings(str(tiny_blip))
    unit = torch.nn.functional.normalize
    found = unit(network.images(frames()), dim=-1) @ unit(network.texts(TEXTS), dim=-1).T
    pictures = [Image.fromarray(frame) for frame in frames().numpy()]
    pixels = AutoImageProcessor.from_pretrained(tiny_blip)(images=pictures, return_tensors="pt")
    tokens = AutoTokenizer.from_pretrained(tiny_blip)(TEXTS, padding=True, return_tensors="pt")
    with torch.no_grad():
        output = BlipForImageTextRetrieval.from_pretrained(tiny_blip)(
            pixel_values=pixels["pixel_values"],
            input_ids=tokens["input_ids"],
            attention_mask=tokens["attention_mask"],
            use_itm_head=False,
        )
    torch.testing.assert_close(found, output.itm_score, rtol=1e-4, atol=1e-5)


def test_long_texts_are_cut_off(tiny_clip: Path) -> None:
    assert ClipEmbeddings(str(tiny_clip)).texts([" ".join(["cut the carrot"] * 9), "pot"]).shape == (2, 16)


@pytest.mark.parametrize(("kind", "option"), [(ClipEmbeddings, "clip"), (BlipEmbeddings, "blip")])
def test_what_is_not_here_is_told_with_what_to_do(kind: type, option: str, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=f"someone/nothing is not here: run ivg-eval fetch-networks {option}"):
        kind("someone/nothing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(WeightsError, match="holds no usable model"):
        kind(str(tmp_path / "empty"))


def test_a_model_that_lacks_weights_is_refused(tiny_clip: Path, tmp_path: Path) -> None:
    """Transformers would fill them with noise and only mention it."""
    folder = tmp_path / "clip"
    shutil.copytree(tiny_clip, folder)
    state = load_file(folder / "model.safetensors")
    del state["visual_projection.weight"]
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(WeightsError, match=r"no whole CLIPModel: 1 parameters are missing \(visual_projection.weight"):
        ClipEmbeddings(str(folder))
