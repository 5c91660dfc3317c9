"""What a run would need, computed from its settings: parameters, FLOPs a step, memory. No data, no download."""

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
from ...models.nano.autoencoder import NanoAutoencoder, NanoMaskDecoder
from ...models.nano.denoiser import NanoVideoDenoiser
from ...models.nano.text import MAX_TOKENS
from ..optimizer import build_optimizer
from ..settings import (
    AutoencoderConfig,
    BaseModelConfig,
    ClipConfig,
    MaskDecoderConfig,
    ModelConfig,
    RegionConfig,
    RunConfig,
)
from .step_cost import StepCost, step_cost

_FULL = 4  # bytes of a float32


@dataclass(frozen=True, eq=False)
class MetaNetworks:
    """Networks on the meta device, a loss with most of their work of a batch, and the text encoder's parameters."""

    trained: nn.Module
    autoencoder: nn.Module | None
    loss: Callable[[], Tensor]
    text_encoder: int = 0


def meta_networks(config: RunConfig, model: ModelConfig | BaseModelConfig, checkpointing: bool) -> MetaNetworks:
    """Build the networks of a run on the meta device."""
    with torch.device("meta"):
        if isinstance(model, BaseModelConfig):
            return _base_networks(config, model, checkpointing)
        autoencoder = NanoAutoencoder(**model.autoencoder)
        if isinstance(config, AutoencoderConfig):
            images = torch.empty(config.batch_size, 3, config.crop, config.crop)
            autoencoder.train()
            return MetaNetworks(autoencoder, None, lambda: sum(_mean_square(part) for part in autoencoder(images)))
        if isinstance(config, MaskDecoderConfig):
            decoder, cells = NanoMaskDecoder(**model.mask_decoder).train(), int(model.denoiser["latent_size"])
            channels = int(decoder.config["latent_channels"])
            latents = torch.empty(config.batch_size * config.frames, channels, cells, cells)
            return MetaNetworks(decoder, None, lambda: _mean_square(decoder(latents)))
        denoiser = NanoVideoDenoiser(**model.denoiser)
        return _denoising(config, denoiser, autoencoder, (MAX_TOKENS, int(denoiser.config["text_width"])))


def _base_networks(config: RunConfig, model: BaseModelConfig, checkpointing: bool) -> MetaNetworks:
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
    count = sum(parameter.numel() for parameter in encoder.parameters())
    return _denoising(config, denoiser, autoencoder, (int(encoder.config.max_position_embeddings), width), count)


def _denoising(
    config: RunConfig,
    model: NanoVideoDenoiser | BaseVideoDenoiser,
    autoencoder: NanoAutoencoder | BaseAutoencoder,
    text: tuple[int, int],
    text_encoder: int = 0,
) -> MetaNetworks:
    """Return a denoiser's networks for texts of so many tokens of that width; frames are decoded for image losses."""
    clips, decoded = config.batch_size, 0
    if isinstance(config, RegionConfig):
        decoded = config.miou_frames if config.miou_weight else 0
    elif isinstance(config, ClipConfig):
        decoded = config.hand_structure_frames if config.hand_structure_weight else 0
    frames, z, size = (int(model.config[name]) for name in ("frames", "latent_channels", "latent_size"))
    inputs = {
        "sample": torch.empty(clips, frames, z, size, size),
        "timestep": torch.zeros(clips, dtype=torch.int64),
        "encoder_hidden_states": torch.empty(clips, *text),
        "context": torch.empty(clips, z, size, size),
        "region": torch.empty(clips, frames, REGION_CHANNELS, size, size),
        "appearance": torch.empty(clips, APPEARANCE_WIDTH),
    }

    def loss() -> Tensor:
        prediction = model(**inputs).sample.float()
        total = _mean_square(prediction)
        if decoded:
            total = total + _mean_square(autoencoder.decode(prediction[:, :decoded].flatten(0, 1)))
        return total

    return MetaNetworks(model.train(), autoencoder.eval().requires_grad_(False), loss, text_encoder)


def _mean_square(values: Tensor) -> Tensor:
    return values.float().square().mean()


def report(config: RunConfig, model: ModelConfig | BaseModelConfig) -> str:
    """Return a table (Markdown) of what one process needs (`ConfigError` without the base scale's architecture)."""
    columns = {"value": False}
    if isinstance(model, BaseModelConfig):
        columns = {"without checkpointing": False, "with checkpointing": True}
    precision = "bf16" if config.precision == "auto" else config.precision  # as on the GPUs that runs are planned for
    networks = [meta_networks(config, model, checkpointing) for checkpointing in columns.values()]
    modules = [[module for module in (each.trained, each.autoencoder) if module is not None] for each in networks]
    tensors = [[tensor for each in held for tensor in (*each.parameters(), *each.buffers())] for held in modules]
    costs = [step_cost(net.loss, held, precision == "bf16") for net, held in zip(networks, tensors, strict=True)]
    first = networks[0]
    trained, frozen = (
        0 if part is None else sum(parameter.numel() for parameter in part.parameters())
        for part in (first.trained, first.autoencoder)
    )
    counts = {"trained": trained, "autoencoder": frozen, "text encoder": first.text_encoder}
    fixed = {
        "weights": _FULL * trained,
        "averaged weights": _FULL * trained,
        "gradients": _FULL * trained,
        "optimiser": _optimizer_bytes(config, first.trained, trained),
        "autoencoder": _FULL * frozen,
    }
    table = {"one process": list(columns), "---": ["---"] * len(columns)}
    same = {f"parameters, {name}": f"{count / 1e6:,.1f} M" for name, count in counts.items() if count}
    table |= {name: [value] * len(columns) for name, value in same.items()} | _work(config, costs)
    same = {f"memory, {name}": f"{size / 2**30:.2f} GiB" for name, size in fixed.items() if size}
    table |= {name: [value] * len(columns) for name, value in same.items()}
    table["memory, activations"] = [f"{cost.bytes / 2**30:.2f} GiB" for cost in costs]
    table["memory, together"] = [f"{(sum(fixed.values()) + cost.bytes) / 2**30:.1f} GiB" for cost in costs]
    rows = [f"| {' | '.join((name, *values))} |" for name, values in table.items()]
    return "\n".join([_heading(config, model, precision), "", *rows])


def _heading(config: RunConfig, model: ModelConfig | BaseModelConfig, precision: str) -> str:
    if isinstance(config, AutoencoderConfig):
        size, what = config.crop, "crops"
    else:
        what = "clips"
        size = model.size if isinstance(model, BaseModelConfig) else int(model.denoiser["latent_size"]) * FACTOR
    return (
        f"{config.stage}, {model.kind}: {what} of {size} x {size} pixels, batch {config.batch_size} x "
        f"{config.accumulate}, {config.optimizer}, precision {precision}"
    )


def _work(config: RunConfig, costs: list[StepCost]) -> dict[str, list[str]]:
    """Return rows of FLOPs and time, each number with three digits that count."""
    flops = [cost.flops * config.accumulate / 1e12 for cost in costs]
    rows = {"FLOPs a step": flops, "seconds a step at 100 TFLOP/s": [value / 100 for value in flops]}
    if config.steps is not None:
        hours = [value / 100 * config.steps / 3600 for value in flops]
        rows[f"hours for {config.steps:,} steps at 100 TFLOP/s"] = hours
    shown = {name: [f"{v:,.0f}" if v >= 100 else f"{v:.3g}" for v in values] for name, values in rows.items()}
    return {**shown, "FLOPs a step": [f"{value} T" for value in shown["FLOPs a step"]]}


def _optimizer_bytes(config: RunConfig, model: nn.Module, count: int) -> int:
    """Return the bytes of the optimiser's state: AdamW keeps two numbers a weight, Muon one for those in matrices."""
    if config.optimizer == "adamw":
        return 2 * _FULL * count
    groups = build_optimizer(model, config).param_groups
    return sum((1 if group["matrices"] else 2) * _FULL * p.numel() for group in groups for p in group["params"])
