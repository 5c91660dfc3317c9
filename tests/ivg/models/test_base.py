"""The base scale's adapters, on tiny networks of random weights in the layout of the hub."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL, UNet3DConditionModel
from huggingface_hub.errors import LocalEntryNotFoundError

from ivg.errors import InputError, WeightsError
from ivg.models.base import pretrained
from ivg.models.base.denoiser import BaseVideoDenoiser
from ivg.models.base.encoders import BaseAutoencoder
from ivg.models.base.pretrained import load_base_autoencoder, load_base_denoiser, load_base_text_encoder
from ivg.models.loading import load_weights


@pytest.fixture
def denoiser(tiny_base: Path) -> BaseVideoDenoiser:
    return load_base_denoiser(str(tiny_base), latent_size=4, frames=6)


def _inputs(clips: int = 2) -> dict[str, Any]:
    generator = torch.Generator().manual_seed(0)

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator)

    return {
        "sample": draw(clips, 6, 4, 4, 4),
        "timestep": torch.tensor([10, 700][:clips]),
        "encoder_hidden_states": draw(clips, 7, 16),
        "context": draw(clips, 4, 4, 4),
        "region": draw(clips, 6, 2, 4, 4).sigmoid(),
        "appearance": draw(clips, 5),
    }


def _wake(model: BaseVideoDenoiser) -> BaseVideoDenoiser:
    """Draw the weights that start at zero."""
    torch.manual_seed(0)
    for parameter in (model.unet.conv_in.weight, model.unet.time_embedding.cond_proj.weight):
        torch.nn.init.normal_(parameter, std=0.2)
    return model


def test_a_widened_network_gives_the_originals_output(tiny_base: Path, denoiser: BaseVideoDenoiser) -> None:
    original = UNet3DConditionModel.from_pretrained(tiny_base / "unet", low_cpu_mem_usage=False).eval()
    inputs = _inputs()
    with torch.no_grad():
        expected = original(
            inputs["sample"].transpose(1, 2), inputs["timestep"], inputs["encoder_hidden_states"]
        ).sample.transpose(1, 2)
        torch.testing.assert_close(denoiser(**inputs).sample, expected, atol=1e-6, rtol=0)
    assert expected.std() > 0.05


@pytest.mark.parametrize("name", ["timestep", "encoder_hidden_states", "context", "region", "appearance"])
def test_every_condition_reaches_the_output(denoiser: BaseVideoDenoiser, name: str) -> None:
    inputs, awake = _inputs(), _wake(denoiser)
    changed = {**inputs, name: (inputs[name] * 0.5 + 0.3).to(inputs[name].dtype)}
    with torch.no_grad():
        assert (awake(**inputs).sample - awake(**changed).sample).abs().max() > 1e-4


def test_unknown_appearance_is_nan_or_none(denoiser: BaseVideoDenoiser) -> None:
    inputs, awake = _inputs(), _wake(denoiser)
    with torch.no_grad():
        unknown = awake(**{**inputs, "appearance": torch.full((2, 5), torch.nan)}).sample
        torch.testing.assert_close(unknown, awake(**{**inputs, "appearance": None}).sample)


def test_checkpointing_changes_memory_only(denoiser: BaseVideoDenoiser) -> None:
    inputs, model = _inputs(), _wake(denoiser).train()

    def run() -> tuple[torch.Tensor, list[torch.Tensor]]:
        torch.manual_seed(3)  # the U-Net's temporal convolutions have dropout
        model.zero_grad()
        output = model(**inputs).sample
        output.square().mean().backward()
        return output.detach(), [p.grad.clone() for p in model.parameters() if p.grad is not None]

    output, gradients = run()
    model.enable_gradient_checkpointing()
    again, recomputed = run()
    assert torch.equal(output, again)
    assert len(gradients) == len(list(model.parameters()))
    for first, second in zip(gradients, recomputed, strict=True):
        assert torch.equal(first, second)
    model.disable_gradient_checkpointing()
    assert not any("forward" in vars(part) for part in model.modules())


def test_save_and_load(denoiser: BaseVideoDenoiser, tiny_base: Path, tmp_path: Path) -> None:
    inputs, awake = _inputs(), _wake(denoiser)
    awake.save_pretrained(tmp_path / "d")
    assert str(tiny_base) not in (tmp_path / "d" / "config.json").read_text()
    with torch.no_grad():
        loaded = load_weights(BaseVideoDenoiser, tmp_path / "d")
        assert torch.equal(loaded(**inputs).sample, awake(**inputs).sample)
    schedule = loaded.noise_scheduler()
    assert schedule.config["prediction_type"] == "epsilon"
    assert schedule.alphas_cumprod[-1].item() == pytest.approx(0.00466, abs=1e-4)  # Stable Diffusion's, not 0


def test_wrong_shapes_are_refused(denoiser: BaseVideoDenoiser) -> None:
    inputs = _inputs()
    with pytest.raises(InputError, match=r"sample must have shape \(b, 6, 4, 4, 4\)"):
        denoiser(**{**inputs, "sample": inputs["sample"][:, :5]})
    with pytest.raises(InputError, match="context must have shape"):
        denoiser(**{**inputs, "context": inputs["context"][:1]})


def test_latents_are_the_means_scaled(tiny_base: Path, tmp_path: Path) -> None:
    autoencoder = load_base_autoencoder(str(tiny_base))
    original = AutoencoderKL.from_pretrained(tiny_base / "vae", low_cpu_mem_usage=False).eval()
    pictures = torch.rand(2, 3, 16, 24) * 2 - 1
    with torch.no_grad():
        latents = autoencoder.encode(pictures)
        assert latents.shape == (2, 4, 2, 3)
        torch.testing.assert_close(latents, original.encode(pictures).latent_dist.mean * 0.18215)
        torch.testing.assert_close(autoencoder.decode(latents), original.decode(latents / 0.18215).sample)
        autoencoder.save_pretrained(tmp_path / "autoencoder")
        for folder in (tmp_path, tmp_path / "autoencoder"):  # our own folders are taken as well
            again = load_base_autoencoder(str(folder))
            assert isinstance(again, BaseAutoencoder)
            assert torch.equal(again.encode(pictures), latents)
    with pytest.raises(InputError, match="multiples of 8"):
        autoencoder.encode(pictures[..., :20])


def test_texts_are_padded_and_independent(tiny_base: Path) -> None:
    encoder = load_base_text_encoder(str(tiny_base))
    tokens, mask = encoder.encode(["cut the  carrot", "stir"])
    assert tokens.shape == (2, 77, encoder.width)
    assert mask.all()
    torch.testing.assert_close(encoder.encode(["stir"])[0][0], tokens[1])
    torch.testing.assert_close(encoder.encode(["cut the carrot"])[0][0], tokens[0])
    assert (tokens[0] - tokens[1]).abs().max() > 1e-3
    with pytest.raises(InputError, match="text must"):
        encoder.encode([" "])


def test_a_hub_that_cannot_be_reached_is_said_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: Any, **__: Any) -> str:
        raise LocalEntryNotFoundError("no connection")

    monkeypatch.setattr(pretrained, "snapshot_download", unreachable)
    message = (
        r"model.denoiser='a/b' is no folder here and could not be had from the hub \(no connection\): where there is a "
        r"network, run `hf download a/b --local-dir FOLDER`, then give model.denoiser=FOLDER"
    )
    with pytest.raises(WeightsError, match=message):
        load_base_denoiser("a/b", 4, 16)


def test_what_is_missing_is_named(tiny_base: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="model.autoencoder='./none': there is no such folder"):
        load_base_autoencoder("./none")
    with pytest.raises(WeightsError, match="give model.text_encoder=NAME_OR_FOLDER"):
        load_base_text_encoder("")
    with pytest.raises(WeightsError, match="unet/config.json is missing"):
        load_base_denoiser(str(tiny_base / "vae"), 4, 16)
    shutil.copytree(tiny_base, tmp_path / "half")
    (tmp_path / "half" / "vae" / "diffusion_pytorch_model.safetensors").unlink()
    with pytest.raises(WeightsError, match="holds nothing usable"):
        load_base_autoencoder(str(tmp_path / "half"))


def test_a_widened_network_is_not_widened_again(denoiser: BaseVideoDenoiser) -> None:
    with pytest.raises(WeightsError, match="start=FOLDER"):
        BaseVideoDenoiser.from_unet(denoiser.unet, {}, 4, 6)
