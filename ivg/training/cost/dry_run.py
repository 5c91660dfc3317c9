"""What a run would need, computed from its configuration: parameters, FLOPs a step, memory. No data, no download."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ...errors import ConfigError
from ...models.base.denoiser import BaseVideoDenoiser
from ...models.base.encoders import BaseAutoencoder
from ...models.base.pretrained import ARCHITECTURE
from ...models.interfaces import APPEARANCE_WIDTH, FACTOR, REGION_CHANNELS
from ...models.nano.autoencoder import NanoAutoencoder
from ...models.nano.denoiser import NanoVideoDenoiser
from ...models.nano.mask_decoder import NanoMaskDecoder
from ...models.nano.text import MAX_TOKENS
from ..optimizer import build_optimizer
from ..settings import (
    AutoencoderConfig,
    BaseModelConfig,
    ClipConfig,
    DenoiserConfig,
    MaskDecoderConfig,
    ModelConfig,
    RegionConfig,
    RunConfig,
)
from .live_memory import StepCost, step_cost

GIB = 2**30
_FULL = 4
"""Bytes of a float32."""


@dataclass(frozen=True, eq=False)
class _Networks:
    """Networks on the meta device, the length and width of a text's tokens, and a mask decoder's latents' size."""

    trained: nn.Module
    autoencoder: nn.Module | None
    text: tuple[int, int]
    text_encoder: int = 0
    cells: int = 0


def report(config: RunConfig, model: ModelConfig | BaseModelConfig) -> str:
    """Return a table (Markdown) of what training would need on one process.

    Args:
        config: The stage's configuration.
        model: The networks'. The base scale's are built from `model.architecture`.

    Raises:
        ConfigError: If the base scale's architecture is not given.
    """
    columns = [False, True] if isinstance(model, BaseModelConfig) else [False]
    networks = [_networks(config, model, checkpointing) for checkpointing in columns]
    half = _precision(config) == "bf16"
    costs = [step_cost(_loss(config, each), _weights(each), half) for each in networks]
    lines = [_heading(config, model), ""]
    titles = ["without checkpointing", "with checkpointing"] if len(columns) > 1 else ["value"]
    lines += [_row("one process", *titles), _row("---", *("---" for _ in titles))]
    lines += _parameters(config, networks[0], len(columns))
    lines += _work(config, costs)
    lines += _memory(config, networks[0], costs)
    return "\n".join(lines)


def _networks(config: RunConfig, model: ModelConfig | BaseModelConfig, checkpointing: bool) -> _Networks:
    """Build the networks of a run on the meta device."""
    with torch.device("meta"):
        if isinstance(model, BaseModelConfig):
            return _base_networks(config, model, checkpointing)
        autoencoder = NanoAutoencoder(**model.autoencoder)
        if isinstance(config, AutoencoderConfig):
            return _Networks(autoencoder.train(), None, (0, 0))
        if isinstance(config, MaskDecoderConfig):
            decoder, cells = NanoMaskDecoder(**model.mask_decoder), int(model.denoiser["latent_size"])
            return _Networks(decoder.train(), None, (0, 0), cells=cells)
        denoiser = NanoVideoDenoiser(**model.denoiser)
        text = (MAX_TOKENS, int(denoiser.config["text_width"]))
        return _Networks(denoiser.train(), autoencoder.eval().requires_grad_(False), text)


def _base_networks(config: RunConfig, model: BaseModelConfig, checkpointing: bool) -> _Networks:
    if isinstance(config, AutoencoderConfig):
        raise ConfigError("the base scale's autoencoder is a pretrained one: train=region or train=clip")
    if isinstance(config, MaskDecoderConfig):
        raise ConfigError("the base scale's region is decoded by its autoencoder: train=masks is for nano")
    missing = [name for name in ARCHITECTURE if name not in model.architecture]
    if missing:
        raise ConfigError(f"model.architecture lacks {', '.join(missing)}: dry_run=true needs them all")
    vae, text, unet, schedule = (dict(model.architecture[name]) for name in ARCHITECTURE)
    autoencoder = BaseAutoencoder(vae.pop("latent_channels"), vae)
    channels, width = unet.pop("in_channels"), unet.pop("cross_attention_dim")
    unet.pop("out_channels")
    denoiser = BaseVideoDenoiser(channels, model.size // FACTOR, model.frames, width, unet, schedule)
    if checkpointing:
        denoiser.enable_gradient_checkpointing()
        autoencoder.enable_gradient_checkpointing()
    from transformers import CLIPTextConfig, CLIPTextModel

    encoder = CLIPTextModel(CLIPTextConfig(**text))
    length = int(encoder.config.max_position_embeddings)
    frozen = autoencoder.eval().requires_grad_(False)
    return _Networks(denoiser.train(), frozen, (length, width), _count(encoder))


def _loss(config: RunConfig, networks: _Networks) -> Callable[[], Tensor]:
    """Return a loss with the networks' work of a batch; what the losses themselves compute is left out."""
    model = networks.trained
    if isinstance(config, AutoencoderConfig):
        pictures = _empty(config.batch_size, 3, config.crop, config.crop)
        return lambda: sum(part.float().square().mean() for part in model(pictures))
    if isinstance(config, MaskDecoderConfig):
        channels, cells = int(model.config["latent_channels"]), networks.cells
        latents = _empty(config.batch_size * config.frames, channels, cells, cells)
        return lambda: model(latents).float().square().mean()
    assert isinstance(config, DenoiserConfig)
    assert networks.autoencoder is not None
    clips, decoded = config.batch_size, decoded_frames(config)
    frames, z, size = (int(model.config[name]) for name in ("frames", "latent_channels", "latent_size"))
    inputs = {
        "sample": _empty(clips, frames, z, size, size),
        "timestep": torch.zeros(clips, dtype=torch.int64, device="meta"),
        "encoder_hidden_states": _empty(clips, *networks.text),
        "context": _empty(clips, z, size, size),
        "region": _empty(clips, frames, REGION_CHANNELS, size, size),
        "appearance": _empty(clips, APPEARANCE_WIDTH),
    }
    decode = networks.autoencoder.decode

    def loss() -> Tensor:
        prediction = model(**inputs).sample.float()
        total: Tensor = prediction.square().mean()
        if decoded:
            total = total + decode(prediction[:, :decoded].flatten(0, 1)).float().square().mean()
        return total

    return loss


def decoded_frames(config: DenoiserConfig) -> int:
    """Return how many frames of a clip are decoded in a step, for the losses on pictures."""
    if isinstance(config, RegionConfig):
        return config.miou_frames if config.miou_weight else 0
    assert isinstance(config, ClipConfig)
    return config.hand_structure_frames if config.hand_structure_weight else 0


def _empty(*shape: int) -> Tensor:
    return torch.empty(shape, device="meta")


def _weights(networks: _Networks) -> list[Tensor]:
    modules = [module for module in (networks.trained, networks.autoencoder) if module is not None]
    return [tensor for module in modules for tensor in (*module.parameters(), *module.buffers())]


def _count(module: nn.Module | None) -> int:
    return 0 if module is None else sum(parameter.numel() for parameter in module.parameters())


def _optimizer_bytes(config: RunConfig, model: nn.Module) -> int:
    """Return the bytes of the optimiser's state: AdamW keeps two numbers a weight, Muon one for those in matrices."""
    if config.optimizer == "adamw":
        return 2 * _FULL * _count(model)
    groups = build_optimizer(model, config).param_groups
    return sum((1 if group["matrices"] else 2) * _FULL * p.numel() for group in groups for p in group["params"])


def _heading(config: RunConfig, model: ModelConfig | BaseModelConfig) -> str:
    if isinstance(config, AutoencoderConfig):
        what = f"crops of {config.crop} x {config.crop} pixels"
    else:
        size = model.size if isinstance(model, BaseModelConfig) else int(model.denoiser["latent_size"]) * FACTOR
        what = f"clips of {size} x {size} pixels"
    return (
        f"{config.stage}, {model.kind}: {what}, batch {config.batch_size} x {config.accumulate}, "
        f"{config.optimizer}, precision {_precision(config)}"
    )


def _row(name: str, *values: str) -> str:
    return f"| {' | '.join((name, *values))} |"


def _parameters(config: RunConfig, networks: _Networks, columns: int) -> list[str]:
    rows = {"parameters, trained": _count(networks.trained), "parameters, autoencoder": _count(networks.autoencoder)}
    rows["parameters, text encoder"] = networks.text_encoder
    return [_row(name, *[f"{value / 1e6:,.1f} M"] * columns) for name, value in rows.items() if value]


def _work(config: RunConfig, costs: list[StepCost]) -> list[str]:
    flops = [cost.flops * config.accumulate / 1e12 for cost in costs]
    rows = [_row("FLOPs a step", *(f"{_figure(value)} T" for value in flops))]
    rows.append(_row("seconds a step at 100 TFLOP/s", *(_figure(value / 100) for value in flops)))
    if config.steps is not None:
        hours = (_figure(value / 100 * config.steps / 3600) for value in flops)
        rows.append(_row(f"hours for {config.steps:,} steps at 100 TFLOP/s", *hours))
    return rows


def _figure(value: float) -> str:
    """Write a number with three digits that count."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _memory(config: RunConfig, networks: _Networks, costs: list[StepCost]) -> list[str]:
    trained = _FULL * _count(networks.trained)
    fixed = {
        "weights": trained,
        "averaged weights": trained,
        "gradients": trained,
        "optimiser": _optimizer_bytes(config, networks.trained),
        "autoencoder": _FULL * _count(networks.autoencoder),
    }
    rows = [_row(f"memory, {name}", *[f"{size / GIB:.2f} GiB"] * len(costs)) for name, size in fixed.items() if size]
    rows.append(_row("memory, activations", *(f"{cost.bytes / GIB:.2f} GiB" for cost in costs)))
    total = (f"{(sum(fixed.values()) + cost.bytes) / GIB:.1f} GiB" for cost in costs)
    return [*rows, _row("memory, together", *total)]


def _precision(config: RunConfig) -> str:
    """Return the precision that is reckoned with: "auto" is bf16, as on the GPUs that runs are planned for."""
    return "bf16" if config.precision == "auto" else config.precision
