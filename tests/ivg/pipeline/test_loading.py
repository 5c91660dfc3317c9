"""Weights of the pipeline: names, folders, hub ids, types."""

from pathlib import Path

import numpy as np
import pytest
import torch
from huggingface_hub.errors import LocalEntryNotFoundError

from ivg.errors import WeightsError
from ivg.pipeline import InstructionalVideoPipeline, loading, sample_steps


def test_weights_say_in_how_many_steps_they_are_sampled(
    pipeline: InstructionalVideoPipeline, frame: np.ndarray
) -> None:
    stages: list[tuple[str, int, int]] = []
    pipeline(frame, "stir the pot", progress_callback=lambda *step: stages.append(step))
    assert {(stage, total) for stage, _, total in stages} == {("region", 10), ("clip", 10)}
    assert sample_steps("nano") == (2, 1)


def test_save_and_load_gives_the_same_clip(
    pipeline: InstructionalVideoPipeline, frame: np.ndarray, tmp_path: Path
) -> None:
    pipeline.save_pretrained(tmp_path / "weights")
    assert (tmp_path / "weights" / "model_index.json").exists()
    loaded = InstructionalVideoPipeline.from_pretrained(tmp_path / "weights")
    expected = pipeline(frame, "cut the carrot", num_inference_steps=2)
    assert (loaded(frame, "cut the carrot", num_inference_steps=2).frames == expected.frames).all()
    (tmp_path / "weights" / "denoiser" / "config.json").unlink()
    with pytest.raises(WeightsError, match="config.json is missing"):
        InstructionalVideoPipeline.from_pretrained(tmp_path / "weights")


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_other_types_of_weights(
    pipeline: InstructionalVideoPipeline, frame: np.ndarray, dtype: torch.dtype, tmp_path: Path
) -> None:
    pipeline.save_pretrained(tmp_path)
    other = InstructionalVideoPipeline.from_pretrained(tmp_path, torch_dtype=dtype)
    assert {module.dtype for module in (other.autoencoder, other.denoiser, other.region_denoiser)} == {dtype}
    options = {"num_inference_steps": 2, "guidance_scale": 1.5}
    clip, expected = (made(frame, "stir the pot", **options) for made in (other, pipeline))
    assert clip.frames.dtype == np.uint8
    near = 0.2 if dtype == torch.bfloat16 else 1e-3
    assert (clip.latents - expected.latents).abs().mean() < near * expected.latents.std()
    masks = other.to(torch.float32)(frame, "stir the pot", **options)
    assert masks.frames.shape == (16, 48, 80, 3)


def test_weights_of_the_hub(
    pipeline: InstructionalVideoPipeline, frame: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline.save_pretrained(tmp_path)
    asked: list[tuple[str, object]] = []

    def download(name: str, *, revision: str, allow_patterns: list[str]) -> str:
        asked.append((name, revision))
        assert not any(pattern.endswith((".bin", ".ckpt", ".py")) for pattern in allow_patterns)
        return str(tmp_path)

    monkeypatch.setattr(loading, "snapshot_download", download)
    loaded = InstructionalVideoPipeline.from_pretrained("someone/hands", revision="v2")
    assert asked == [("someone/hands", "v2")]
    assert loaded.denoiser.num_parameters() == pipeline.denoiser.num_parameters()


def test_a_hub_out_of_reach_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: object, **__: object) -> str:
        raise LocalEntryNotFoundError("Cannot reach\nthe hub")

    monkeypatch.setattr(loading, "snapshot_download", offline)
    with pytest.raises(WeightsError, match=r"'someone/hands'.*Cannot reach the hub.*'nano', a folder.*hub id"):
        InstructionalVideoPipeline.from_pretrained("someone/hands")


def test_unknown_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no weights 'nanno'; give 'nano'"):
        InstructionalVideoPipeline.from_pretrained("nanno")
    with pytest.raises(WeightsError, match="scheduler"):
        InstructionalVideoPipeline.from_pretrained(tmp_path)
