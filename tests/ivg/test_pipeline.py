"""The pipeline, with tiny networks of random weights."""

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from huggingface_hub.errors import LocalEntryNotFoundError
from PIL import Image

from ivg.app.run import DEFAULT_STEPS
from ivg.errors import InputError, IvgError, WeightsError
from ivg.models.nano.autoencoder import NanoAutoencoder
from ivg.models.nano.denoiser import NanoVideoDenoiser
from ivg.models.noise import training_scheduler
from ivg.pipeline import InstructionalVideoPipeline, PipelineOutput, loading, sample_steps
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
    output = pipeline(
        frame,
        "cut the carrot",
        num_inference_steps=3,
        num_region_steps=2,
        progress_callback=lambda *step: stages.append(step),
    )
    assert output.frames.shape == (16, 48, 80, 3)
    assert output.frames.dtype == np.uint8
    assert output.region.per_frame.shape == output.composited.shape == (16, 48, 80)
    assert (output.frames[0] == frame).all()
    assert stages == [(stage, done, of) for stage, of in (("region", 2), ("clip", 3)) for done in range(of + 1)]
    assert {"prepare", "text", "region", "clip", "decode", "total", "region_step", "clip_step"} == set(output.timings)


def test_the_region_is_given_before_the_clip_is_made(pipeline: InstructionalVideoPipeline, frame: np.ndarray) -> None:
    given: list[object] = []
    options = {"region_callback": given.append, "progress_callback": lambda stage, *_: given.append(stage)}
    output = pipeline(frame, "cut the carrot", num_inference_steps=1, num_region_steps=1, **options)
    assert given == ["region", "region", output.region, "clip", "clip"]


def test_the_background_is_the_inputs(pipeline: InstructionalVideoPipeline, frame: np.ndarray) -> None:
    output = pipeline(frame, "cut the carrot", num_inference_steps=2)
    kept = ~output.composited
    assert output.composited[1:].any()
    assert (output.frames[kept] == np.broadcast_to(frame, output.frames.shape)[kept]).all()


def test_a_lighter_network_may_take_the_last_step(
    pipeline: InstructionalVideoPipeline, frame: np.ndarray, tmp_path: Path
) -> None:
    parts = {name: pipeline.components[name] for name in ("autoencoder", "region_denoiser", "denoiser", "scheduler")}
    light = _denoiser()
    light.register_to_config(sample_steps=2)
    helped = InstructionalVideoPipeline(**parts, refiner=light)
    alone, with_it = (made(frame, "stir the pot", num_inference_steps=2).latents for made in (pipeline, helped))
    assert not torch.equal(alone, with_it)
    alone, with_it = (made(frame, "stir the pot", num_inference_steps=3).latents for made in (pipeline, helped))
    assert torch.equal(alone, with_it)  # any other number of steps is the denoiser's
    helped.save_pretrained(tmp_path)
    loaded = InstructionalVideoPipeline.from_pretrained(tmp_path)
    expected = helped(frame, "stir the pot", num_inference_steps=2)
    assert torch.equal(loaded(frame, "stir the pot", num_inference_steps=2).latents, expected.latents)


def test_weights_say_in_how_many_steps_they_are_sampled(
    pipeline: InstructionalVideoPipeline, frame: np.ndarray
) -> None:
    stages: list[tuple[str, int, int]] = []
    pipeline(frame, "stir the pot", progress_callback=lambda *step: stages.append(step))
    assert {(stage, total) for stage, _, total in stages} == {("region", 10), ("clip", 10)}
    assert sample_steps("nano") == (DEFAULT_STEPS, 1)


def test_the_seed_decides(pipeline: InstructionalVideoPipeline, frame: np.ndarray) -> None:
    first, again, other = (pipeline(frame, "stir the pot", seed=seed, num_inference_steps=2) for seed in (1, 1, 2))
    assert (first.frames == again.frames).all()
    assert not torch.equal(first.latents, other.latents)
    assert (first.appearance.vector == Appearance.sample(1).vector).all()


def test_a_given_region_is_used(pipeline: InstructionalVideoPipeline, frame: np.ndarray) -> None:
    masks = np.zeros((16, 48, 80), bool)
    masks[:, 10:30, 20:50] = True
    output = pipeline(frame, "stir the pot", num_inference_steps=1, region=RegionOfMotion(masks))
    assert (output.region.per_frame & masks).sum() / (output.region.per_frame | masks).sum() > 0.9
    whole = pipeline(frame, "stir the pot", num_inference_steps=1, region=RegionOfMotion(masks[:1]))
    assert whole.region.per_frame[5].any()
    with pytest.raises(InputError, match="region must have shape"):
        pipeline(frame, "stir the pot", region=RegionOfMotion(masks[:3]))


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


def test_guidance_changes_the_clip(pipeline: InstructionalVideoPipeline, frame: np.ndarray) -> None:
    heeding = copy.deepcopy(pipeline.denoiser)
    for block in heeding.bottom:  # what tells the text is zero in an untrained network
        torch.nn.init.normal_(block.film.weight, std=0.1)
        torch.nn.init.normal_(block.conv2.weight, std=0.1)
    own = InstructionalVideoPipeline(pipeline.autoencoder, pipeline.region_denoiser, heeding, pipeline.scheduler)
    plain, same, guided = (own(frame, "cut the carrot", guidance_scale=scale).latents for scale in (1, 1.0, 4))
    assert torch.equal(plain, same)
    assert not torch.allclose(plain, guided, atol=1e-3)


def test_reconstruct(pipeline: InstructionalVideoPipeline, frame: np.ndarray) -> None:
    again = pipeline.reconstruct(np.stack([frame] * 2))
    assert again.shape == (2, 48, 80, 3)
    assert again.dtype == np.uint8


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"prompt": " "}, "text must say"),
        ({"image": np.zeros((48, 80), np.uint8)}, "shape"),
        ({"image": np.zeros((48, 80, 3))}, "uint8"),
        ({"image": np.zeros((4, 80, 3), np.uint8)}, "16 x 16"),
        ({"image": "kitchen.png"}, "numpy array or a PIL image"),
        ({"num_inference_steps": 0}, "steps"),
        ({"num_region_steps": 0}, "steps"),
        ({"guidance_scale": 0.5}, "guidance_scale must be a number of at least 1"),
        ({"guidance_scale": float("nan")}, "guidance_scale"),
        ({"output_type": "gif"}, "unknown output_type 'gif'.*pil"),
        ({"callback_on_step_end_tensor_inputs": ["noise"]}, "unknown callback_on_step_end_tensor_inputs 'noise'"),
        ({"seed": 0, "generator": torch.Generator()}, "a seed or a generator, not both"),
        ({"prompt": []}, "not empty"),
        ({"prompt": ["stir"] * 2, "seed": [1, 2, 3]}, "one length.*2 of prompt, 3 of seed"),
    ],
)
def test_bad_input_is_named(
    pipeline: InstructionalVideoPipeline, frame: np.ndarray, change: dict[str, object], message: str
) -> None:
    with pytest.raises(IvgError, match=message):
        pipeline(**{"image": frame, "prompt": "cut the carrot", **change})  # type: ignore[arg-type]


TEXTS = ["cut the carrot", "stir the pot", "open the upper drawer"]


def _compare(batch: PipelineOutput, alone: list[PipelineOutput]) -> None:
    """Each clip of a batch is the one made alone, to the tolerance that the docstring of the pipeline states."""
    for one, other in zip(batch.split(), alone, strict=True):
        torch.testing.assert_close(one.latents, other.latents, atol=1e-4, rtol=0)
        assert (np.abs(one.frames.astype(int) - other.frames).max(-1) > 1).mean() < 1e-3
        assert (one.region.per_frame != other.region.per_frame).mean() < 1e-3
        assert (one.appearance.vector == other.appearance.vector).all()


def test_each_clip_of_a_batch_is_the_one_made_alone(pipeline: InstructionalVideoPipeline, frame: np.ndarray) -> None:
    images = [frame, frame[::-1].copy(), frame[:, ::-1].copy()]
    seeds = [3, 3, 5]
    options = {"num_inference_steps": 2, "num_region_steps": 2}
    batch = pipeline(images, TEXTS, seed=seeds, **options)
    assert batch.frames.shape == batch.composited.shape + (3,) == (3, 16, 48, 80, 3)
    assert batch.latents.shape == (3, 16, 4, 8, 8)
    _compare(batch, [pipeline(*one, seed=seed, **options) for *one, seed in zip(images, TEXTS, seeds, strict=True)])


def test_one_image_serves_a_list_of_prompts(pipeline: InstructionalVideoPipeline, frame: np.ndarray) -> None:
    region = RegionOfMotion(np.ones((1, 48, 80), bool))
    options = {"num_inference_steps": 1, "region": region, "guidance_scale": 2.0, "seed": 4}
    _compare(pipeline(frame, TEXTS, **options), [pipeline(frame, text, **options) for text in TEXTS])


def test_images_of_several_sizes(pipeline: InstructionalVideoPipeline, frame: np.ndarray) -> None:
    images = (frame, Image.fromarray(frame[:, :50]))
    batch = pipeline(images, "stir the pot", num_inference_steps=1)
    assert [clip.shape for clip in batch.frames] == [(16, 48, 80, 3), (16, 48, 50, 3)]
    _compare(batch, [pipeline(image, "stir the pot", num_inference_steps=1) for image in images])


def test_generators_stand_for_seeds(pipeline: InstructionalVideoPipeline, frame: np.ndarray) -> None:
    def draws(*seeds: int) -> list[torch.Generator]:
        return [torch.Generator().manual_seed(seed) for seed in seeds]

    by_seed = pipeline(frame, TEXTS[:2], seed=[7, 8], num_inference_steps=1)
    by_generator = pipeline(frame, TEXTS[:2], generator=draws(7, 8), num_inference_steps=1)
    assert torch.equal(by_seed.latents, by_generator.latents)
    single = pipeline(frame, TEXTS[0], generator=draws(7)[0], num_inference_steps=1)
    assert (single.frames == pipeline(frame, TEXTS[0], seed=7, num_inference_steps=1).frames).all()


def test_step_callbacks(pipeline: InstructionalVideoPipeline, frame: np.ndarray) -> None:
    calls: list[tuple[object, ...]] = []

    def note(owner: object, step: int, timestep: torch.Tensor, kwargs: dict[str, object]) -> dict[str, object]:
        assert owner is pipeline
        calls.append((kwargs["stage"], step, int(timestep), sorted(kwargs)))
        return {}

    options = {"num_inference_steps": 2, "num_region_steps": 1}
    plain = pipeline(frame, "stir the pot", **options, callback_on_step_end=note)
    assert [call[:2] for call in calls] == [("region", 0), ("clip", 0), ("clip", 1)]
    assert calls[1][2] > calls[2][2]
    assert calls[0][3] == ["latents", "stage"]
    assert torch.equal(plain.latents, pipeline(frame, "stir the pot", **options).latents)
    empty = pipeline(
        frame, "stir the pot", **options, callback_on_step_end=lambda *call: {"latents": call[3]["latents"] * 0}
    )
    context = empty.latents[0]
    torch.testing.assert_close(empty.latents, context.expand_as(empty.latents))  # the residual is 0


@pytest.mark.parametrize("given", [None, ["prompt_embeds"]])
def test_step_callbacks_may_change_the_prompt(
    pipeline: InstructionalVideoPipeline, frame: np.ndarray, given: list[str] | None
) -> None:
    options: dict[str, object] = {} if given is None else {"callback_on_step_end_tensor_inputs": given}
    seen: list[bool] = []
    pipeline(
        frame,
        "stir",
        num_inference_steps=1,
        callback_on_step_end=lambda *c: seen.append("prompt_embeds" in c[3]),
        **options,
    )
    assert set(seen) == {given is not None}


def test_output_types(pipeline: InstructionalVideoPipeline, frame: np.ndarray) -> None:
    options = {"num_inference_steps": 1, "seed": 2}
    clip = pipeline(frame, "stir the pot", **options)
    images = pipeline(frame, "stir the pot", **options, output_type="pil").frames
    assert (np.stack(images) == clip.frames).all()
    tensor = pipeline(frame, "stir the pot", **options, output_type="pt").frames
    assert (tensor.permute(0, 2, 3, 1).mul(255).round().numpy() == clip.frames).all()
    latent = pipeline(frame, ["stir the pot"], **options, output_type="latent")
    torch.testing.assert_close(latent.frames[0], clip.latents)
    assert latent.composited == [None]
    frames, region, *_ = pipeline(Image.fromarray(frame), "stir the pot", **options, return_dict=False)
    assert (frames == clip.frames).all()
    assert (region.union == clip.region.union).all()


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
