"""Policies in folders: which kind it is stands in config.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ivg.errors import WeightsError, unknown_option

from .behaviour_cloning import BehaviourCloningPolicy
from .config import POLICIES, PolicyConfig
from .diffusion import DiffusionPolicy
from .policy import CONFIG_FILE, WEIGHTS_FILE, ChunkPolicy

_CLASSES: dict[str, type[ChunkPolicy]] = {kind.kind: kind for kind in (DiffusionPolicy, BehaviourCloningPolicy)}


def new_policy(config: PolicyConfig, notes: dict[str, Any] | None = None) -> ChunkPolicy:
    """Build a policy of random weights.

    Raises:
        InputError: If there is no such kind.
    """
    if config.kind not in _CLASSES:
        raise unknown_option("policy.kind", config.kind, _CLASSES)
    return _CLASSES[config.kind](config, notes)


def load_policy(folder: str | Path) -> ChunkPolicy:
    """Load a policy of any kind, in evaluation mode, on the CPU.

    Args:
        folder: That `save_pretrained` wrote, such as `weights/` of a training.

    Raises:
        WeightsError: If it is missing or damaged.
    """
    kind, _, _ = read_description(Path(folder))
    return _CLASSES[kind].from_pretrained(folder)


def read_description(folder: Path) -> tuple[str, Any, dict[str, Any]]:
    """Return kind, configuration and notes of the policy in a folder.

    Raises:
        WeightsError: If it holds none.
    """
    for name in (CONFIG_FILE, WEIGHTS_FILE):
        if not (folder / name).exists():
            raise WeightsError(f"{folder} holds no policy: {name} is missing")
    try:
        described = json.loads((folder / CONFIG_FILE).read_text())
        kind = described["kind"]
        if kind not in POLICIES:
            raise WeightsError(str(unknown_option(f"kind of policy in {folder}", kind, POLICIES)))
        return kind, POLICIES[kind](**described["policy"]), described["notes"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:  # no JSON, not UTF-8, or what does not fit
        raise WeightsError(f"{folder / CONFIG_FILE} describes no policy: {error}") from error
