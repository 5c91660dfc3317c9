"""``ivg-dataset generate``: robot episodes without teleoperation."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ...errors import InputError, StoreError
from ..shared.command import add_json_option, check_device, check_positive, check_seed_option, write_json
from ..shared.launcher_options import add_launcher_options, launcher_arguments
from ..shared.sampling_options import add_sampling_options, samples_of

FIRST_SEED = 100_000
"""Training clips are usually rendered with seeds from 0 on, evaluation uses those from 1,000,000 on."""

ATTEMPTS_AN_EPISODE = 4
"""Attempts at most for each episode wanted, unless asked otherwise."""


def add_generate(actions: Any) -> None:
    """Add the action to the parser of ``ivg-dataset``."""
    help_text = "generate demonstrations, let the robot follow them, keep the episodes that succeed"
    generate = actions.add_parser("generate", help=help_text, description=help_text)
    generate.add_argument("--env", choices=["kitchen"], default="kitchen", help="where (default: %(default)s)")
    episodes_help = "episodes that the dataset is to hold at the end; only those that succeed count"
    generate.add_argument("--episodes", type=int, required=True, metavar="N", help=episodes_help)
    out_help = "NAME.zarr or NAME.zarr.zip; the same command goes on after a stop, or with a larger N"
    generate.add_argument("--out", type=Path, required=True, metavar="DATASET", help=out_help)
    generate.add_argument("--tasks", default="", metavar="A,B", help="names of tasks (default: all, in turn)")
    seed_help = "attempt k has seed S + k, which everything in it depends on (default: %(default)s)"
    generate.add_argument("--seed", type=int, default=FIRST_SEED, metavar="S", help=seed_help)
    attempts_help = f"give up after so many attempts, earlier runs included (default: {ATTEMPTS_AN_EPISODE} x N)"
    generate.add_argument("--max-attempts", type=int, metavar="M", help=attempts_help)
    generate.add_argument("--workers", type=int, default=2, help="processes (default: %(default)s)")
    source_help = "demonstrations: generated, or truth: the rendered person's clip (default: %(default)s)"
    generate.add_argument("--source", choices=["generated", "truth"], default="generated", help=source_help)
    generate.add_argument("--size", type=int, default=128, help="height and width in pixels (default: %(default)s)")
    generate.add_argument("--weights", default="nano", metavar="NAME", help="nano, or a folder (default: nano)")
    generate.add_argument("--device", default="cpu", metavar="NAME", help="torch device (default: cpu)")
    generate.add_argument("--sheet", type=Path, metavar="FILE", help="draw a contact sheet, too")
    add_sampling_options(generate)
    add_launcher_options(generate)
    add_json_option(generate)
    generate.set_defaults(action=run_generate)


def run_generate(options: argparse.Namespace) -> None:
    """Do what the command line asks for.

    Raises:
        IvgError: If it cannot be done, or fewer episodes than asked for were kept; what was kept stays.
    """
    from ...workflows.generate_pool import generate_episodes
    from ...workflows.generate_report import dataset_report, print_dataset, print_run, run_report
    from ...workflows.generate_worker import GenerateSettings
    from ...workflows.render_pool import check_tasks

    check_positive(episodes=options.episodes, workers=options.workers, size=options.size)
    check_seed_option("seed", options.seed)
    limit = options.max_attempts if options.max_attempts is not None else ATTEMPTS_AN_EPISODE * options.episodes
    check_positive(max_attempts=limit)
    _check_paths(options.out, options.weights)
    launcher = launcher_arguments(options)
    if not launcher:  # other machines have other devices
        check_device(options.device)
    settings = GenerateSettings(
        env=options.env,
        tasks=tuple(check_tasks([name for name in options.tasks.split(",") if name])),
        seed=options.seed,
        size=options.size,
        source=options.source,
        weights=options.weights,
        device=options.device,
        depth=not options.no_depth,
        samples=samples_of(options) if options.source == "generated" else 1,
    )
    result = generate_episodes(
        options.out, settings, episodes=options.episodes, max_attempts=limit, workers=options.workers, **launcher
    )
    report = {**dataset_report(options.out), "run": run_report(result, options.workers)}
    print_dataset(report)
    print_run(report["run"])
    write_json(report, options.json)
    if options.sheet:
        draw_episodes(options.out, options.sheet)
    if report["episodes"] < options.episodes:
        raise StoreError(
            f"{options.out} holds {report['episodes']} of {options.episodes} episodes after {len(result.outcomes)} "
            "attempts; go on with a larger --max-attempts"
        )


def draw_episodes(dataset: Path, target: Path, *, joints: bool = False, skip: int = 0) -> None:
    """Draws the contact sheet of a dataset of robot episodes and says where it is."""
    from ...policy.datasets import EpisodeStore
    from ...viz.grids import episode_grid
    from ...viz.image_grid import save_image

    with EpisodeStore(dataset) as store:
        save_image(episode_grid(store, joints=joints, skip=skip), target)
    print(f"contact sheet: {target}")


def _check_paths(out: Path, weights: str) -> None:
    """Refuse at once what would only fail after the first attempts."""
    from ...policy.datasets.store.archive import is_zip

    is_zip(out)
    if weights != "nano" and not Path(weights).is_dir():
        raise InputError(f"--weights must be nano or a folder, there is no folder '{weights}'")
