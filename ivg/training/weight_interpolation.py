"""Weights between those of a run and those it started from."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from safetensors.torch import load_file, save_file

from ..errors import InputError, WeightsError
from ..io.staging import staged_output
from ..models.loading import WEIGHTS_FILE


def interpolate_weights(start: Path, end: Path, share: float, output: Path) -> list[str]:
    """Write a weighted mean of two folders of weights, network by network.

    A network that was trained long on few clips has learned them by heart, and with that some of what holds of others.
    Between it and the one that it started from there are often better ones than both (Wortsman et al. 2022, "Robust
    fine-tuning of zero-shot models").

    Args:
        start: `weights/` that a run started from.
        end: `weights/` of that run.
        share: Of the run's weights, in [0, 1].
        output: Folder to write: the networks that both hold, with the configuration and the scheduler of `end`.

    Returns:
        Their names.

    Raises:
        InputError: If the share is out of range, or `output` exists.
        WeightsError: If no network is in both, or one is of two sizes.
    """
    if not 0 <= share <= 1:
        raise InputError(f"share must lie in [0, 1], got {share}")
    held = [{path.parent.name for path in folder.glob(f"*/{WEIGHTS_FILE}")} for folder in (start, end)]
    names = sorted(held[0] & held[1])
    if not names:
        raise WeightsError(f"no network is in both: {start} holds {sorted(held[0])}, {end} holds {sorted(held[1])}")
    with staged_output(output) as stage:
        for name in names:
            (stage / name).mkdir(parents=True)
            first, second = (load_file(folder / name / WEIGHTS_FILE) for folder in (start, end))
            shapes = [{key: value.shape for key, value in weights.items()} for weights in (first, second)]
            if shapes[0] != shapes[1]:
                raise WeightsError(f"{name} of {start} and that of {end} are of different sizes")
            mean = {key: first[key].float().lerp(second[key].float(), share) for key in first}
            save_file(mean, stage / name / WEIGHTS_FILE, metadata={"format": "pt"})
            config = json.loads((end / name / "config.json").read_text())
            (stage / name / "config.json").write_text(json.dumps(config, indent=2))
        if (end / "scheduler").is_dir():
            shutil.copytree(end / "scheduler", stage / "scheduler")
    return names
