"""What a run would need, computed from its settings: parameters, FLOPs a step, memory. No data, no download."""

from __future__ import annotations

from torch import nn

from ...models.interfaces import FACTOR
from ..optimizer import build_optimizer
from ..settings import AutoencoderConfig, BaseModelConfig, ModelConfig, RunConfig
from .networks import meta_networks
from .step_cost import StepCost, step_cost

_FULL = 4  # bytes of a float32


def report(config: RunConfig, model: ModelConfig | BaseModelConfig) -> str:
    """Return a table (Markdown) of what training would need on one process.

    Raises:
        ConfigError: If the base scale's architecture is not given.
    """
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
