"""Finding the parts of a robot episode in a foreign dataset by the names of its numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ivg.errors import InputError

from .feature_map import Feature, FeatureMap, Part, listed

_POSITION = (("x", "y", "z"),)
# names of a rotation's numbers, and its form; longer ones are looked for first
_ROTATION = {
    ("qw", "qx", "qy", "qz"): "wxyz",
    ("rx", "ry", "rz", "rw"): "xyzw",
    ("roll", "pitch", "yaw"): "euler",
    ("rx", "ry", "rz"): "rotvec",
    ("wx", "wy", "wz"): "rotvec",
}

_GRIPPER = (("gripper",), ("opening",), ("gripper_opening",))
_JOINTS = tuple(
    tuple(f"{word}{number}" for number in range(first, first + 7)) for word in ("joint_", "joint") for first in (1, 0)
)
_AFFIXES = re.compile(r"^(?:observation\.|state\.|robot\.|ee[._]|eef[._]|end_effector[._]|tcp[._])+|[._]pos$")
_CHANGES = re.compile(r"^(?:delta_|d(?=[xyz]$|r[xyz]$|roll$|pitch$|yaw$))")
NEEDED = (
    "a position (x, y, z), a rotation (qw, qx, qy, qz or rx, ry, rz, rw or roll, pitch, yaw or wx, wy, wz), a gripper "
    "in [0, 1], joints (joint_1 ... joint_7), and an action of exactly a translation, a rotation of three numbers and "
    "a gripper, in [-1, 1]"
)


def map_by_names(features: Mapping[str, Feature], images: list[str], action: str = "action") -> FeatureMap:
    """Find the parts of a robot episode by the names of a dataset's numbers.

    Names may have prefixes and suffixes: ``ee.x``, ``eef_x`` and ``x`` are the same, of an action ``dx`` and
    ``delta_x`` too. `images`, the keys of the images, are for the message.

    Raises:
        InputError: If a part is not found; lists what there is and what is needed.
    """
    states = {key: feature for key, feature in features.items() if key != action and feature.names}
    parts: dict[str, Any] = {
        "position": _find(states, dict.fromkeys(_POSITION, "")),
        "rotation": _find(states, _ROTATION),
        "opening": _find(states, dict.fromkeys(_GRIPPER, "")),
        "joints": _find(states, dict.fromkeys(_JOINTS, "")),
    }
    missing = [name for name, part in parts.items() if part is None]
    wanted = features.get(action)
    if wanted is None or not _is_action(wanted):
        missing.append("action")
    if missing:
        raise InputError(
            f"cannot find {', '.join(missing)} by names. The dataset has: {listed(features, images)}. "
            f"Needed: {NEEDED}. Say where they are in a mapping file (--map FILE, see docs/exports.md)"
        )
    return FeatureMap(**parts, action=(Part(action, tuple(range(7))),))


def _find(features: Mapping[str, Feature], choices: Mapping[tuple[str, ...], str]) -> Part | None:
    """Return the first feature that has all names of a choice."""
    for names, form in sorted(choices.items(), key=lambda choice: -len(choice[0])):
        for key, feature in features.items():
            plain = [_plain(name) for name in feature.names]
            if all(name in plain for name in names):
                return Part(key, tuple(plain.index(name) for name in names), form)
    return None


def _is_action(feature: Feature) -> bool:
    names = tuple(_CHANGES.sub("", _plain(name)) for name in feature.names)
    rotations = {choice for choice in _ROTATION if len(choice) == 3}
    return len(names) == 7 and names[:3] in _POSITION and names[3:6] in rotations and names[6:] in _GRIPPER


def _plain(name: str) -> str:
    return _AFFIXES.sub("", name.lower())
