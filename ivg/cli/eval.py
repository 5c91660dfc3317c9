"""``ivg-eval``: how good the generated clips are, on scenes that nothing was trained on."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from .shared.command import run_command, write_json
from .shared.evaluation_options import new_eval_parser
from .shared.launcher_options import launcher_from
from .shared.progress import StageBars


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code (2 after a message about a wrong request)."""
    options = new_eval_parser(_evaluate, _fetch).parse_args(arguments)
    return run_command("ivg-eval", lambda: options.action(options))


def _evaluate(options: argparse.Namespace) -> None:
    from ..evaluation import evaluate_generator
    from ..metrics.networks.sources import NETWORK_NAMES, NetworkSources

    wanted = {"all": NETWORK_NAMES, "none": ()}.get(options.networks, tuple(filter(None, options.networks.split(","))))
    networks = NetworkSources(wanted, options.clip, options.blip, options.egovlp, options.device)
    names = ("weights", "scenes", "store", "steps", "region_steps", "guidance_scale", "seed_offset", "train_store")
    values = {name: getattr(options, name) for name in (*names, "prompt_scenes", "cache", "device")}
    with StageBars() as bars:
        result = evaluate_generator(**values, networks=networks, launcher=launcher_from(options), on_progress=bars)
    figures = result.figures
    first, last = figures["seeds"]
    print(f"{figures['scenes']} held-out scenes, seeds {first} to {last}; weights {figures['weights']!r}")
    guided = "" if figures["guidance_scale"] == 1 else f", guidance {figures['guidance_scale']:g}"
    print(f"{figures['steps']} denoising steps, {figures['region_steps']} for the region{guided}, region predicted")
    for title, table in result.tables.items():
        print(f"\n{title}\n\n{table}")
    write_json(figures, options.json)
    grid = options.grid or options.cache / "grid.png"
    result.save_grid(grid)
    print(f"\nimage grid (ground truth above generated): {grid}")


def _fetch(options: argparse.Namespace) -> None:
    from ..evaluation import fetch_networks

    fetch_networks(
        options.names,
        archives=options.archives,
        clip=options.fetched_clip,
        blip=options.fetched_blip,
        on_fetched=lambda name, result: print(f"{name}: {result}", flush=True),
    )
