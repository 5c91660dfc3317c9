"""The pipeline, with tiny networks of random weights."""

import copy
from pathlib import Path

import numpy as np
import pytest
import torch

from ivg.app.request import DEFAULT_STEPS
from ivg.errors import InputError, IvgError, WeightsError
from ivg.models.nano.autoencoder import NanoAutoencoder
from ivg.models.nano.denoiser import NanoVideoDenoiser
from ivg.models.noise import training_scheduler
from ivg.pipeline import InstructionalVideoPipeline, sample_steps
from ivg.types import Appearance, RegionOfMotion


def _denoiser() -> NanoVideoDenoiser:
    model = NanoVideoDenoiser(
        latent_channels=4, latent_size=8, widths=(8, 16, 24), embedding_width=16, heads=(1, 2, 2), residual_scale=0.3
    )
    torch.nn.init.normal_(model.conv_out.weight, std=0.2)
    return model


@pytest.fixture(scope="module")
def pipeline() -> InstructionalVideoPipeline:
    torch.manual_seed(0)
    autoencoder = NanoAutoencoder(4, (8, 8, 16), (8, 8, 16), 1, 1)
    return InstructionalVideoPipeline(autoencoder, _denoiser(), _denoiser(), training_scheduler())


@pytest.fixture(scope="module")
def frame() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (48, 80, 3), dtype=np.uint8)


def test_a_clip_of_the_inputs_size(pipeline: InstructionalVideoPipeline, frame: np.ndarray) -> None:
    stages: list[tuple[str, int, int]] = []
    output = pipeline(frame, "cut the carrot", steps=3, region_steps=2, progress=lambda *step: stages.append(step))
    assert output.clip.shape == (16, 48, 80, 3)
    assert output.clip.dtype == np.uint8
    assert output.region.per_frame.shape == output.composited.shape == (16, 48, 80)
    assert (output.clip[0] == frame).all()
    assert stages == [(stage, done, of) for stage, of in (("region", 2), ("clip", 3)) for done in range(of + 1)]
    assert {"prepare", "text", "region", "clip", "decode", "total", "region_step", "clip_step"} == set(output.timings)


def test_the_region_is_told_before_the_clip_is_made(pipeline: InstructionalVideoPipeline, frame: np.ndarray) -> None:
    told: list[object] = []
    options = {"on_region": told.append, "progress": lambda stage, *_: told.append(stage)}
    output = pipeline(frame, "cut the carrot", steps=1, region_steps=1, **options)
    assert told == ["region", "region", output.region, "clip", "clip"]


def test_the_background_is_the_inputs(pipeline: InstructionalVideoPipeline, frame: np.ndarray) -> None:
    output = pipeline(frame, "cut the carrot", steps=2)
    kept = ~output.composited
    assert output.composited[1:].any()
    assert (output.clip[kept] == np.broadcast_to(frame, output.clip.shape)[kept]).all()


def test_a_lighter_network_may_take_the_last_step(
    pipeline: InstructionalVideoPipeline, frame: np.ndarray, tmp_path: Path
) -> None:
    parts = {name: pipeline.components[name] for name in ("autoencoder", "region_denoiser", "denoiser", "scheduler")}
    light = _denoiser()
    light.register_to_config(sample_steps=2)
    helped = InstructionalVideoPipeline(**parts, refiner=light)
    alone, with_it = (made(frame, "stir the pot", steps=2).latents for made in (pipeline, helped))
    assert not torch.equal(alone, with_it)
    alone, with_it = (made(frame, "stir the pot", steps=3).latents for made in (pipeline, helped))
    assert torch.equal(alone, with_it)  # any other number of steps is the denoiser's
    helped.save_pretrained(tmp_path)
    loaded = InstructionalVideoPipeline.from_pretrained(tmp_path)
    expected = helped(frame, "stir the pot", steps=2)
    assert torch.equal(loaded(frame, "stir the pot", steps=2).latents, expected.latents)


def test_weights_say_in_how_many_steps_they_are_sampled(
    pipeline: InstructionalVideoPipeline, frame: np.ndarray
) -> None:
    stages: list[tuple[str, int, int]] = []
    pipeline(frame, "stir the pot", progress=lambda *step: stages.append(step))
    assert {(stage, total) for stage, _, total in stages} == {("region", 10), ("clip", 10)}
    assert sample_steps("nano") == (DEFAULT_STEPS, 1)


def test_the_seed_decides(pipeline: InstructionalVideoPipeline, frame: np.ndarray) -> None:
    first, again, other = (pipeline(frame, "stir the pot", seed=seed, steps=2) for seed in (1, 1, 2))
    assert (first.clip == again.clip).all()
    assert not torch.equal(first.latents, other.latents)
    assert (first.appearance.vector == Appearance.sample(1).vector).all()


def test_a_given_region_is_used(pipeline: InstructionalVideoPipeline, frame: np.ndarray) -> None:
    masks = np.zeros((16, 48, 80), bool)
    masks[:, 10:30, 20:50] = True
    output = pipeline(frame, "stir the pot", steps=1, region=RegionOfMotion(masks))
    assert (output.region.per_frame & masks).sum() / (output.region.per_frame | masks).sum() > 0.9
    whole = pipeline(frame, "stir the pot", steps=1, region=RegionOfMotion(masks[:1]))
    assert whole.region.per_frame[5].any()
    with pytest.raises(InputError, match="region must have shape"):
        pipeline(frame, "stir the pot", region=RegionOfMotion(masks[:3]))


def test_save_and_load_gives_the_same_clip(
    pipeline: InstructionalVideoPipeline, frame: np.ndarray, tmp_path: Path
) -> None:
    pipeline.save_pretrained(tmp_path / "weights")
    assert (tmp_path / "weights" / "model_index.json").exists()
    loaded = InstructionalVideoPipeline.from_pretrained(tmp_path / "weights")
    expected = pipeline(frame, "cut the carrot", steps=2)
    assert (loaded(frame, "cut the carrot", steps=2).clip == expected.clip).all()
    (tmp_path / "weights" / "denoiser" / "config.json").unlink()
    with pytest.raises(WeightsError, match="config.json is missing"):
        InstructionalVideoPipeline.from_pretrained(tmp_path / "weights")


def test_guidance_changes_the_clip(pipeline: InstructionalVideoPipeline, frame: np.ndarray) -> None:
    heeding = copy.deepcopy(pipeline.denoiser)
    for block in heeding.bottom:  # what tells the text is zero in an untrained network
        torch.nn.init.normal_(block.film.weight, std=0.1)
        torch.nn.init.normal_(block.conv2.weight, std=0.1)
    told = InstructionalVideoPipeline(pipeline.autoencoder, pipeline.region_denoiser, heeding, pipeline.scheduler)
    plain, same, guided = (told(frame, "cut the carrot", guidance_scale=scale).latents for scale in (1, 1.0, 4))
    assert torch.equal(plain, same)
    assert not torch.allclose(plain, guided, atol=1e-3)


def test_reconstruct(pipeline: InstructionalVideoPipeline, frame: np.ndarray) -> None:
    again = pipeline.reconstruct(np.stack([frame] * 2))
    assert again.shape == (2, 48, 80, 3)
    assert again.dtype == np.uint8


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"text": " "}, "text must say"),
        ({"frame": np.zeros((48, 80), np.uint8)}, "shape"),
        ({"frame": np.zeros((48, 80, 3))}, "uint8"),
        ({"frame": np.zeros((4, 80, 3), np.uint8)}, "16 x 16"),
        ({"frame": "kitchen.png"}, "numpy array"),
        ({"steps": 0}, "steps"),
        ({"region_steps": 0}, "steps"),
        ({"guidance_scale": 0.5}, "guidance_scale must be a number of at least 1"),
        ({"guidance_scale": float("nan")}, "guidance_scale"),
    ],
)
def test_bad_input_is_named(
    pipeline: InstructionalVideoPipeline, frame: np.ndarray, change: dict[str, object], message: str
) -> None:
    with pytest.raises(IvgError, match=message):
        pipeline(**{"frame": frame, "text": "cut the carrot", **change})  # type: ignore[arg-type]


def test_unknown_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no weights 'nanno'; give 'nano'"):
        InstructionalVideoPipeline.from_pretrained("nanno")
    with pytest.raises(WeightsError, match="scheduler"):
        InstructionalVideoPipeline.from_pretrained(tmp_path)
