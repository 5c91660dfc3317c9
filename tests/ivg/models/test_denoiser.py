"""The denoiser."""

from typing import Any

import pytest
import torch

from ivg.errors import InputError
from ivg.models.nano.denoiser import NanoVideoDenoiser
from ivg.models.sampler import region_input

TINY: dict[str, Any] = {
    "latent_channels": 4,
    "latent_size": 4,
    "frames": 6,
    "widths": (8, 16, 24),
    "embedding_width": 16,
    "heads": (1, 2, 2),
    "text_width": 12,
}


def _inputs(clips: int = 2) -> dict[str, Any]:
    return {
        "sample": torch.randn(clips, 6, 4, 4, 4),
        "timestep": torch.tensor([10.0] * clips),
        "encoder_hidden_states": torch.randn(clips, 5, 12),
        "context": torch.randn(clips, 4, 4, 4),
        "region": torch.rand(clips, 6, 2, 4, 4),
        "appearance": torch.randn(clips, 5),
    }


def _awake(seed: int = 0) -> NanoVideoDenoiser:
    """A denoiser whose branches that start at zero have been woken up."""
    torch.manual_seed(seed)
    model = NanoVideoDenoiser(**TINY).eval()
    for parameter in model.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.2)
    torch.nn.init.normal_(model.conv_in.weight, std=0.2)
    return model


@pytest.fixture
def awake() -> NanoVideoDenoiser:
    return _awake()


def test_output_has_the_shape_of_the_sample(awake: NanoVideoDenoiser) -> None:
    inputs = _inputs()
    output = awake(**inputs)
    assert output.sample.shape == inputs["sample"].shape
    assert torch.equal(awake(**inputs, return_dict=False)[0], output.sample)


def test_a_new_one_predicts_an_unchanged_scene() -> None:
    assert not NanoVideoDenoiser(**TINY)(**_inputs()).sample.any()


def test_the_region_is_not_seen_before_stage_2_learns_to() -> None:
    torch.manual_seed(0)
    model = NanoVideoDenoiser(**TINY).eval()
    torch.nn.init.normal_(model.conv_out.weight)
    inputs = _inputs()
    with_region = model(**inputs).sample
    torch.testing.assert_close(with_region, model(**{**inputs, "region": None}).sample)


@pytest.mark.parametrize("name", ["timestep", "encoder_hidden_states", "context", "region", "appearance"])
def test_every_condition_matters(awake: NanoVideoDenoiser, name: str) -> None:
    inputs = _inputs()
    changed = {**inputs, name: inputs[name] * 0.5 + 0.3}
    assert (awake(**inputs).sample - awake(**changed).sample).abs().max() > 1e-4


def test_clips_of_a_batch_are_independent(awake: NanoVideoDenoiser) -> None:
    inputs = _inputs(3)
    together = awake(**inputs).sample
    alone = awake(**{name: value[1:2] for name, value in inputs.items()}).sample
    torch.testing.assert_close(together[1:2], alone, atol=1e-4, rtol=1e-4)


def test_padding_of_the_text_changes_nothing(awake: NanoVideoDenoiser) -> None:
    inputs = _inputs()
    tokens = inputs.pop("encoder_hidden_states")
    padded = torch.cat([tokens, torch.randn(2, 3, 12)], 1)
    mask = torch.tensor([[True] * 5 + [False] * 3] * 2)
    torch.testing.assert_close(
        awake(encoder_hidden_states=padded, encoder_attention_mask=mask, **inputs).sample,
        awake(encoder_hidden_states=tokens, **inputs).sample,
        atol=1e-4,
        rtol=1e-4,
    )


def test_unknown_appearance_is_nan_or_none(awake: NanoVideoDenoiser) -> None:
    inputs = _inputs()
    unknown = {**inputs, "appearance": torch.full((2, 5), torch.nan)}
    torch.testing.assert_close(awake(**unknown).sample, awake(**{**inputs, "appearance": None}).sample)


def test_frames_reach_each_other(awake: NanoVideoDenoiser) -> None:
    inputs = _inputs(1)
    changed = {**inputs, "sample": inputs["sample"].clone()}
    changed["sample"][:, 0] += 1
    difference = (awake(**inputs).sample - awake(**changed).sample).abs().amax((0, 2, 3, 4))
    assert (difference > 0).all()


def test_wrong_shapes_are_refused(awake: NanoVideoDenoiser) -> None:
    inputs = _inputs()
    with pytest.raises(InputError, match=r"sample must have shape \(b, 6, 4, 4, 4\)"):
        awake(**{**inputs, "sample": inputs["sample"][:, :5]})
    with pytest.raises(InputError, match="context must have shape"):
        awake(**{**inputs, "context": inputs["context"][:1]})


def test_region_input_counts_covered_pixels() -> None:
    masks = torch.zeros(1, 3, 16, 16)
    masks[0, 1, :8, :4] = 1  # half of one cell, in frame 1
    region = region_input(masks)
    assert region.shape == (1, 3, 2, 2, 2)
    assert region[0, :, 0, 0, 0].tolist() == [0.5, 0.5, 0.5]
    assert region[0, :, 1, 0, 0].tolist() == [0, 0.5, 0]
    assert region[0, :, :, 1, 1].abs().max() == 0
