"""The folder that a policy is saved in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ivg.errors import WeightsError, unknown_option

from .config import POLICIES, PolicyConfig

CONFIG_FILE, WEIGHTS_FILE = "config.json", "model.safetensors"


def read_description(folder: Path) -> tuple[str, PolicyConfig, dict[str, Any]]:
    """Return kind, configuration and notes of the policy in a folder (`WeightsError` if it holds none)."""
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
