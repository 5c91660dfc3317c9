"""Where a foreign dataset keeps the parts of a robot episode, as a mapping file (YAML, see docs/exports.md) says it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ivg.errors import InputError, unknown_option

# forms of a rotation and their numbers: quaternions, angles about fixed x, y, z, a rotation vector; rad
FORMS = {"": None, "wxyz": 4, "xyzw": 4, "euler": 3, "rotvec": 3}
_CHOICES = [form for form in FORMS if form]

# columns of a part; of an opening those whose absolute values are added, such as of two fingers
COLUMNS = {"position": 3, "opening": None, "joints": 7}
ACTION_COLUMNS = 7
_PARTS, _PART_KEYS = ("position", "rotation", "opening", "joints"), ("feature", "columns", "form", "low", "high")
_LARGEST = 1e9  # no bound is farther from zero than this


@dataclass(frozen=True)
class Feature:
    """An array of every step of a foreign dataset: how many numbers, and their names, if they are known."""

    width: int
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"({self.width})" + (f" {', '.join(self.names)}" if self.names else "")


@dataclass(frozen=True)
class Part:
    """Columns of a feature."""

    feature: str  # its key
    columns: tuple[int | str, ...]  # indices or names of columns
    form: str = ""  # of a rotation, one of `FORMS`
    # value at the low end of our range (opening: 0, action: -1), one number or one for each column
    low: tuple[float, ...] | None = None
    high: tuple[float, ...] | None = None  # value at its high end, 1

    def indices(self, features: Mapping[str, Feature]) -> list[int]:
        """Return the indices of the columns; an `InputError` if there is no such feature or column."""
        if self.feature not in features:
            raise unknown_option("feature", self.feature, features)
        feature = features[self.feature]
        indices = []
        for column in self.columns:
            if isinstance(column, str):
                if column not in feature.names:
                    raise unknown_option(f"column of {self.feature}", column, feature.names or range(feature.width))
                column = feature.names.index(column)
            if not 0 <= column < feature.width:
                raise InputError(f"{self.feature} has {feature.width} columns, there is no column {column}")
            indices.append(column)
        return indices


@dataclass(frozen=True)
class FeatureMap:
    """Where the parts of a robot episode are; None stands for zeros, of a rotation for none."""

    position: Part | None  # end effector's, m
    rotation: Part | None  # end effector's
    opening: Part | None  # of the gripper
    joints: Part | None  # rad
    action: tuple[Part, ...]  # one part after the other, 7 columns together
    image: str | None = None  # key of the images; the only ones there are if None

    def check(self, features: Mapping[str, Feature]) -> None:
        """Raise an `InputError` about the first part that a dataset's features lack or have in another width."""
        wanted = {name: (getattr(self, name), width) for name, width in COLUMNS.items()}
        wanted["rotation"] = (self.rotation, FORMS[self.rotation.form] if self.rotation else None)
        for name, (part, width) in wanted.items():
            found = part and len(part.indices(features))
            if part and width and found != width:
                raise InputError(f"{name} takes {width} columns, got {found} of {part.feature}")
        found = sum(len(part.indices(features)) for part in self.action)
        if found != ACTION_COLUMNS:
            raise InputError(f"action takes {ACTION_COLUMNS} columns (translation, rotation, gripper), got {found}")


def load_feature_map(path: str | Path) -> FeatureMap:
    """Read a mapping file; an `InputError` if it cannot be read, or holds unknown keys or values of other kinds."""
    from omegaconf import OmegaConf

    try:
        content = OmegaConf.to_container(OmegaConf.load(path))
    except Exception as error:  # YAML's and OmegaConf's errors have no base in common
        raise InputError(f"cannot read the mapping file '{path}': {error}") from error
    if not isinstance(content, dict):
        raise InputError(f"a mapping file holds keys and values, '{path}' holds {type(content).__name__}")
    return feature_map_of({str(key): value for key, value in content.items()})


def feature_map_of(content: Mapping[str, Any]) -> FeatureMap:
    """Build a map from what a mapping file holds, with the errors of `load_feature_map`."""
    for key in content:
        if key not in (*_PARTS, "action", "image"):
            raise unknown_option("key of a mapping", key, (*_PARTS, "action", "image"))
    missing = [key for key in (*_PARTS, "action") if key not in content]
    if missing:
        raise InputError(f"a mapping lacks {', '.join(missing)}; write 'joints: null' and the like for missing parts")
    action = content["action"] if isinstance(content["action"], list) else [content["action"]]
    if not isinstance(content.get("image"), str | None):
        raise InputError(f"image must be the key of images, got {content['image']}")
    found = {key: None if content[key] is None else _part(key, content[key]) for key in _PARTS}
    if found["rotation"] and not found["rotation"].form:
        raise InputError(f"rotation needs a form: {', '.join(_CHOICES)}")
    return FeatureMap(**found, action=tuple(_part("action", part) for part in action), image=content.get("image"))


def _part(key: str, content: Any) -> Part:
    if not isinstance(content, dict) or not {"feature", "columns"} <= set(content):
        raise InputError(f"{key} must be {{feature: KEY, columns: [...]}}, got {content}")
    for name in content:
        if name not in _PART_KEYS:
            raise unknown_option(f"key of {key}", name, _PART_KEYS)
    if not isinstance(content.get("form", ""), str) or content.get("form", "") not in FORMS:
        raise unknown_option("form of a rotation", content["form"], _CHOICES)
    columns = content["columns"]
    if not isinstance(columns, list) or not columns or not all(isinstance(each, int | str) for each in columns):
        raise InputError(f"columns of {key} must be a list of indices or names, got {columns}")
    low, high = (_bounds(key, content.get(name), len(columns)) for name in ("low", "high"))
    if (low is None) != (high is None) or (low and high and any(a == b for a, b in zip(low, high, strict=True))):
        raise InputError(f"{key} needs both low and high, and they must differ, got {low} and {high}")
    return Part(str(content["feature"]), tuple(columns), content.get("form", ""), low, high)


def _bounds(key: str, value: Any, width: int) -> tuple[float, ...] | None:
    if value is None:
        return None
    values = value if isinstance(value, list) else [value] * width
    numbers = all(isinstance(each, int | float) and abs(each) <= _LARGEST for each in values)
    if len(values) not in (1, width) or not numbers:
        raise InputError(f"low and high of {key} must be a number, or one for each of {width} columns, got {value}")
    return tuple(float(each) for each in values)


def listed(features: Mapping[str, Feature], images: Sequence[str]) -> str:
    """Return the features of a dataset, for messages."""
    listed = [f"{key} {feature}" for key, feature in features.items()]
    return "; ".join([*listed, *(f"{key} (images)" for key in images)]) or "none"
