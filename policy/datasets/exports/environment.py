"""Which environment an episode came from, as its provenance says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..episodes import RobotEpisode

UNKNOWN = "unknown"


@dataclass(frozen=True)
class EnvironmentNote:
    """An environment that episodes came from.

    Attributes:
        id: As gymnasium knows it, such as ``ivg/Kitchen-v0``, or `UNKNOWN`.
        arguments: What it was made with.
    """

    id: str
    arguments: dict[str, Any]


def environment_of(episode: RobotEpisode) -> EnvironmentNote:
    """Read what the provenance says: ``{"env": {"id": ..., ...}}``."""
    note = episode.provenance.get("env")
    if not isinstance(note, dict) or not isinstance(note.get("id"), str):
        return EnvironmentNote(UNKNOWN, {})
    return EnvironmentNote(note["id"], {key: value for key, value in note.items() if key != "id"})
