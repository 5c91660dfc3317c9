"""``ivg-dataset generate``: robot episodes without teleoperation."""

from __future__ import annotations

import argparse
from typing import Any

from ...errors import StoreError
from ..shared.command import add_action, values_of, write_json
from ..shared.launcher_options import add_launcher_options, launcher_from
from ..shared.options import add_options, add_values
from ..shared.progress import progress_bar


def add_generate(actions: Any) -> None:
    """Add the action to the parser of ``ivg-dataset``."""
    help_text = "generate demonstrations, let the robot follow them, keep the episodes that succeed"
    generate = add_action(actions, "generate", help_text, run_generate)
    episodes = {"help": "episodes that the dataset is to hold at the end; only those that succeed count"}
    add_options(generate, episodes={"default": None, "required": True, **episodes})
    seed_help = "attempt k has seed S + k, which everything in it depends on (default: %(default)s)"
    attempts_help = "give up after so many attempts, earlier runs included (default: 4 x N)"
    add_values(generate, {"seed": (int, "S", seed_help, 100_000), "max-attempts": (int, "M", attempts_help)})
    source_help = "demonstrations: generated, or truth: the rendered person's clip (default: %(default)s)"
    add_values(generate, {"source": (("generated", "truth"), None, source_help, "generated")})
    add_options(generate, "env", "tasks", "size", "weights", "device", "grid", "json", "samples", "no-depth")
    out_help = "NAME.zarr or NAME.zarr.zip; the same command goes on after a stop, or with a larger N"
    add_options(generate, out={"metavar": "DATASET", "help": out_help})
    add_launcher_options(generate)


def run_generate(options: argparse.Namespace) -> None:
    """Generate episodes; an error says if fewer than asked for were kept, what was kept stays."""
    from ...workflows.clips.render import check_tasks
    from ...workflows.describe import dataset_report, draw_grid
    from ...workflows.episodes.attempts import GenerateSettings, resolve_samples
    from ...workflows.episodes.generate import generate_episodes

    depth, given = not options.no_depth, values_of(options, "env", "seed", "size", "source", "weights", "device")
    samples = resolve_samples(options.samples, depth) if options.source == "generated" else 1
    settings = GenerateSettings(tasks=tuple(check_tasks(options.tasks)), depth=depth, samples=samples, **given)
    wanted, run = options.episodes, {"max_attempts": options.max_attempts, "launcher": launcher_from(options)}
    with progress_bar(options.out.name, "episode") as progress:
        result = generate_episodes(options.out, settings, episodes=wanted, progress=progress, **run)
    held = dataset_report(options.out)
    print(held.report, result.report, sep="\n")
    write_json({**held.as_json, "run": result.as_json}, options.json)
    if options.grid:
        print(f"image grid: {draw_grid(options.out, options.grid)}")
    if (count := held.as_json["episodes"]) < wanted:
        attempts = f"{count} of {wanted} episodes after {len(result.outcomes)} attempts"
        raise StoreError(f"{options.out} holds {attempts}; go on with a larger --max-attempts")
