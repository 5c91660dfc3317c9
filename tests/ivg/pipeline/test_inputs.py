"""Inputs of the pipeline: batches, generators, and what is refused."""

import numpy as np
import pytest
import torch
from PIL import Image

from ivg.errors import IvgError
from ivg.pipeline import InstructionalVideoPipeline, PipelineOutput
from ivg.types import RegionOfMotion


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"prompt": " "}, "text must say"),
        ({"image": np.zeros((48, 80), np.uint8)}, "shape"),
        ({"image": np.zeros((48, 80, 3))}, "uint8"),
        ({"image": np.zeros((4, 80, 3), np.uint8)}, "16 x 16"),
        ({"image": "kitchen.png"}, "numpy array or a PIL image"),
        ({"num_inference_steps": 0}, "num_inference_steps must be a whole number from 1 to 1000, got 0"),
        ({"num_inference_steps": 2000}, "from 1 to 1000, got 2000"),
        ({"num_inference_steps": 2.5}, "whole number"),
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
