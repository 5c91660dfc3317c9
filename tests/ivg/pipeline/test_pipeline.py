"""One clip: what the pipeline makes, and its callbacks."""

import copy
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ivg.errors import InputError
from ivg.models.nano.denoiser import NanoVideoDenoiser
from ivg.pipeline import InstructionalVideoPipeline
from ivg.types import Appearance, RegionOfMotion


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
    pipeline: InstructionalVideoPipeline,
    frame: np.ndarray,
    new_denoiser: Callable[[], NanoVideoDenoiser],
    tmp_path: Path,
) -> None:
    parts = {name: pipeline.components[name] for name in ("autoencoder", "region_denoiser", "denoiser", "scheduler")}
    light = new_denoiser()
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
