"""What a run would need, computed from its settings: parameters, FLOPs a step, memory. No data, no download."""

from __future__ import annotations

from torch import nn

from ...models.interfaces import FACTOR
from ..optimizer import build_optimizer
from ..settings import AutoencoderConfig, BaseModelConfig, ModelConfig, RunConfig
from .networks import MetaNetworks, loss_of, meta_networks
from .step_cost import StepCost, step_cost

GIB = 2**30
_FULL = 4
"""Bytes of a float32."""


def report(config: RunConfig, model: ModelConfig | BaseModelConfig) -> str:
    """Return a table (Markdown) of what training would need on one process.

    Raises:
        ConfigError: If the base scale's architecture is not given.
    """
    columns = {"value": False}
    if isinstance(model, BaseModelConfig):
        columns = {"without checkpointing": False, "with checkpointing": True}
    networks = [meta_networks(config, model, checkpointing) for checkpointing in columns.values()]
    costs = [step_cost(loss_of(config, each), _tensors(each), _precision(config) == "bf16") for each in networks]
    table = {"one process": list(columns), "---": ["---"] * len(columns)}
    table |= {name: [value] * len(columns) for name, value in _parameters(networks[0]).items()}
    table |= _work(config, costs) | _memory(config, networks[0], costs)
    rows = [f"| {' | '.join((name, *values))} |" for name, values in table.items()]
    return "\n".join([_heading(config, model), "", *rows])


def _heading(config: RunConfig, model: ModelConfig | BaseModelConfig) -> str:
    if isinstance(config, AutoencoderConfig):
        size, what = config.crop, "crops"
    else:
        what = "clips"
        size = model.size if isinstance(model, BaseModelConfig) else int(model.denoiser["latent_size"]) * FACTOR
    return (
        f"{config.stage}, {model.kind}: {what} of {size} x {size} pixels, batch {config.batch_size} x "
        f"{config.accumulate}, {config.optimizer}, precision {_precision(config)}"
    )


def _parameters(networks: MetaNetworks) -> dict[str, str]:
    counts = {
        "trained": _count(networks.trained),
        "autoencoder": _count(networks.autoencoder),
        "text encoder": networks.text_encoder,
    }
    return {f"parameters, {name}": f"{count / 1e6:,.1f} M" for name, count in counts.items() if count}


def _work(config: RunConfig, costs: list[StepCost]) -> dict[str, list[str]]:
    flops = [cost.flops * config.accumulate / 1e12 for cost in costs]
    rows = {
        "FLOPs a step": [f"{_figure(value)} T" for value in flops],
        "seconds a step at 100 TFLOP/s": [_figure(value / 100) for value in flops],
    }
    if config.steps is not None:
        hours = [_figure(value / 100 * config.steps / 3600) for value in flops]
        rows[f"hours for {config.steps:,} steps at 100 TFLOP/s"] = hours
    return rows


def _memory(config: RunConfig, networks: MetaNetworks, costs: list[StepCost]) -> dict[str, list[str]]:
    trained = _FULL * _count(networks.trained)
    fixed = {
        "weights": trained,
        "averaged weights": trained,
        "gradients": trained,
        "optimiser": _optimizer_bytes(config, networks.trained),
        "autoencoder": _FULL * _count(networks.autoencoder),
    }
    rows = {f"memory, {name}": [f"{size / GIB:.2f} GiB"] * len(costs) for name, size in fixed.items() if size}
    rows["memory, activations"] = [f"{cost.bytes / GIB:.2f} GiB" for cost in costs]
    rows["memory, together"] = [f"{(sum(fixed.values()) + cost.bytes) / GIB:.1f} GiB" for cost in costs]
    return rows


def _tensors(networks: MetaNetworks) -> list[nn.Parameter]:
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


def _figure(value: float) -> str:
    """Write a number with three digits that count."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _precision(config: RunConfig) -> str:
    """Return the precision of the estimate: "auto" is bf16, as on the GPUs that runs are planned for."""
    return "bf16" if config.precision == "auto" else config.precision
