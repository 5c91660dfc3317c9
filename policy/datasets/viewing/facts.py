"""What is worth reading about an episode, as pairs of a name and words."""

from __future__ import annotations

from typing import Any

from .episode import ViewedEpisode

_HASH_DIGITS = 12

_NAMED = (
    ("source", ("source",)),
    ("environment", ("env", "id")),
    ("environment", ("context", "env")),
    ("manner", ("execution", "manner")),
    ("outcome", ("execution", "words")),
    ("hand", ("lifting", "hand")),
    ("hand", ("appearance", "side")),
    ("hand", ("demonstration", "appearance", "side")),
    ("clip's seed", ("demonstration", "seed")),
    ("clip's seed", ("seed",)),
    ("denoising steps", ("demonstration", "steps")),
    ("denoising steps", ("steps",)),
    ("contact's cost", ("lifting", "contact", "cost")),
    ("contact's cost", ("execution", "contact", "cost")),
    ("lifting", ("lifting", "method")),
    ("lifting", ("execution", "lifting", "method")),
    ("made by ivg", ("demonstration", "versions", "ivg")),
    ("made by ivg", ("versions", "ivg")),
)
"""Names, and where in a provenance the words may stand; the first place that has some counts."""

_WEIGHTS = (("weights",), ("demonstration", "weights"))


def facts(episode: ViewedEpisode) -> list[tuple[str, str]]:
    """Return names and words: lengths, rates, and what its provenance says about who made it, and how."""
    frames, height, width, _ = episode.clip.shape
    rows = [("clip", f"{frames} frames, {episode.fps:g} a second, {width} x {height} px")]
    if episode.robot is not None:
        seconds = len(episode.robot) / episode.robot.fps
        rows.append(("robot", f"{len(episode.robot)} steps, {episode.robot.fps:g} a second, {seconds:.1f} s"))
    if episode.seed is not None:
        rows.append(("seed", str(episode.seed)))
    for name, keys in _NAMED:
        value = _at(episode.provenance, keys)
        if value is not None and name not in dict(rows):
            rows.append((name, f"{value:g}" if isinstance(value, float) else str(value)))
    weights = next((found for keys in _WEIGHTS if isinstance(found := _at(episode.provenance, keys), dict)), {})
    if weights:
        rows.append(("weights", f"{weights.get('name', '')} {str(weights.get('sha256', ''))[:_HASH_DIGITS]}".strip()))
    return rows


def _at(value: Any, keys: tuple[str, ...]) -> Any:
    """Return what stands at nested keys, or None."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value
