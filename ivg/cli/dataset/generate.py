"""``ivg-dataset generate``: robot episodes without teleoperation."""

from __future__ import annotations

import argparse
from typing import Any

from ...errors import StoreError
from ...jobs import progress_bar
from ..shared.command import add_action, write_json
from ..shared.launcher_options import add_launcher_options, launcher_from
from ..shared.options import add_options
from ..shared.sampling_options import add_sampling_options


def add_generate(actions: Any) -> None:
    """Add the action to the parser of ``ivg-dataset``."""
    help_text = "generate demonstrations, let the robot follow them, keep the episodes that succeed"
    generate = add_action(actions, "generate", help_text, run_generate)
    episodes_help = "episodes that the dataset is to hold at the end; only those that succeed count"
    generate.add_argument("--episodes", type=int, required=True, metavar="N", help=episodes_help)
    seed_help = "attempt k has seed S + k, which everything in it depends on (default: %(default)s)"
    generate.add_argument("--seed", type=int, default=100_000, metavar="S", help=seed_help)
    attempts_help = "give up after so many attempts, earlier runs included (default: 4 x N)"
    generate.add_argument("--max-attempts", type=int, metavar="M", help=attempts_help)
    source_help = "demonstrations: generated, or truth: the rendered person's clip (default: %(default)s)"
    generate.add_argument("--source", choices=["generated", "truth"], default="generated", help=source_help)
    out_help = "NAME.zarr or NAME.zarr.zip; the same command goes on after a stop, or with a larger N"
    add_options(generate, "env", "tasks", "size", "weights", "device", "grid", "json")
    add_options(generate, out={"metavar": "DATASET", "help": out_help})
    add_sampling_options(generate)
    add_launcher_options(generate)


def run_generate(options: argparse.Namespace) -> None:
    """Generate episodes; an error says if fewer than asked for were kept, what was kept stays."""
    from ...workflows.clips.render import check_tasks
    from ...workflows.describe import dataset_report, draw_grid
    from ...workflows.episodes.attempts import GenerateSettings, resolve_samples
    from ...workflows.episodes.generate import generate_episodes

    depth, names = not options.no_depth, ("env", "seed", "size", "source", "weights", "device")
    samples = resolve_samples(options.samples, depth) if options.source == "generated" else 1
    given = {name: getattr(options, name) for name in names}
    settings = GenerateSettings(tasks=tuple(check_tasks(options.tasks)), depth=depth, samples=samples, **given)
    wanted, most, launcher = options.episodes, options.max_attempts, launcher_from(options)
    with progress_bar(options.out.name, "episode") as progress:
        result = generate_episodes(
            options.out, settings, episodes=wanted, max_attempts=most, launcher=launcher, progress=progress
        )
    held = dataset_report(options.out)
    print(held.report, result.report, sep="\n")
    write_json({**held.as_json, "run": result.as_json}, options.json)
    if options.grid:
        print(f"image grid: {draw_grid(options.out, options.grid)}")
    if (count := held.as_json["episodes"]) < wanted:
        raise StoreError(
            f"{options.out} holds {count} of {wanted} episodes after {len(result.outcomes)} attempts; go on with a "
            "larger --max-attempts"
        )
