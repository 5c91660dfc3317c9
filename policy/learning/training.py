"""One training of a policy: reads the episodes, builds the policy, trains it; its log as a table and as curves."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from ivg.inputs import check_device
from ivg.io.staging import staged_output
from ivg.training.device import new_accelerator
from ivg.training.progress import ProgressCallback
from ivg.training.trainer import Trainer, TrainingResult
from ivg.viz.plots import new_figure, save_plot

from ..provenance import versions
from .config import PolicyRun
from .data import PolicyData, describe_data, split_episodes
from .policies import new_policy
from .stage import PolicyStage


def train_policy(run: PolicyRun, progress: ProgressCallback | None = None) -> TrainingResult:
    """Train a policy with the loop of `ivg.training`.

    `output` gets `log.jsonl`, `curves.csv`, `curves.png`, `sheet_*.png`, `checkpoint/`, `run.json` and at the end
    `weights/`, the averaged policy.

    Args:
        run: What to train.
        progress: Progress callback, such as `ivg.training.ProgressBar()`.

    Raises:
        IvgError: If the dataset, the request or the checkpoint cannot be used.
    """
    check_device(run.device)
    torch.manual_seed(run.train.seed)
    stage = build_policy_stage(run)
    accelerator = new_accelerator(run.train, run.device)
    trainer = Trainer(stage, run.train, run.output, run.resume, accelerator, progress)
    if accelerator.is_main_process:
        (run.output / "run.json").write_text(json.dumps(asdict(run), default=str, indent=2))
    try:
        figures = trainer.run()
    finally:
        if accelerator.is_main_process and (run.output / "log.jsonl").exists():
            write_curves(run.output)
    accelerator.wait_for_everyone()
    accelerator.end_training()
    return TrainingResult(run.output, run.output / "weights", figures)


def build_policy_stage(run: PolicyRun) -> PolicyStage:
    """Build the policy that a run names, with its episodes and their statistics."""
    train, held_out = split_episodes(run.data)
    notes = {"data": describe_data(run.data, train), "training": asdict(run.train), "versions": versions()}
    policy = new_policy(run.policy, notes)
    data = PolicyData(run.data, train, run.policy)
    data.fit(policy)
    return PolicyStage(policy, run.train, data, PolicyData(run.data, held_out, run.policy))


def read_log(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a log in order; those that a stopped run wrote after its last checkpoint are left out."""
    rows: list[dict[str, Any]] = []
    for text in path.read_text().splitlines():
        line = json.loads(text)
        held_out = {f"held_out_{name}": value for name, value in line.pop("held_out", {}).items()}
        while rows and rows[-1]["step"] > line["step"]:
            rows.pop()
        rows.append({**line, **held_out})
    return rows


def write_curves(output: Path) -> None:
    """Write `curves.csv` and `curves.png` of the log in a training's folder."""
    rows = read_log(output / "log.jsonl")
    names = list(dict.fromkeys(name for row in rows for name in row))
    with staged_output(output / "curves.csv", overwrite=True) as stage, stage.open("w", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)
    names = [name for name in names if name not in ("step", "minutes", "samples_per_s")]
    figure, axes = new_figure(3 * len(names), 2.6, columns=len(names), dpi=90)
    for name, ax in zip(names, axes, strict=True):
        points = [(row["step"], row[name]) for row in rows if name in row]
        ax.plot(*zip(*points, strict=True), marker=".")
        ax.set(title=name.replace("_", " "), xlabel="step")
        if all(value > 0 for _, value in points):
            ax.set_yscale("log")
        ax.grid(alpha=0.3)
    save_plot(figure, output / "curves.png")
