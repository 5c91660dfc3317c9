"""A folder of short clips with their annotation: zarr format 2, one chunk a clip, safe to write in parallel.

Layout (n clips, t frames of size s; every array has one chunk a clip, Blosc lz4):

    frames          uint8   (n, t, s, s, 3)   RGB, frame 0 is the context image
    keypoints       float32 (n, t, 2, 21, 2)  MediaPipe's joints, normalised, NaN where absent; hand 0 left
    present         uint8   (n, t, 2)         1 where MediaPipe found the hand
    score           float32 (n, t, 2)         its confidence
    info            bytes   (n,)              JSON: task, text, seed, side, source, ...
    done            uint8   (n,)              1 once all of the clip is written; written last
  ground truth of rendered clips (left at the fill value for real video: NaN, or 255 for uint8):
    appearance      float32 (n, 5)            `ivg.types.Appearance.vector` of the acting hand
    gt_keypoints    float32 (n, t, 2, 21, 2)  gt_visible float32 (n, t, 2), fraction of joints in sight
    labels          uint8   (n, t, s, s)      0 background, 1 left arm, 2 right arm, 3... moved objects
    joints_world_m  float32 (n, t, 2, 21, 3)  gripper_path float32 (n, t, 8)  position, quaternion wxyz, opening
    object_pose     float32 (n, t, 7)         grasp_point float32 (n, 3)      contact uint8 (n, t)
    K               float64 (n, 3, 3)         T_world_camera float64 (n, 4, 4)
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numcodecs import Blosc
from numpy.typing import NDArray

from ..errors import StoreError
from ..io.staging import staged_output

INFO_BYTES = 4096
"""Longest JSON of one clip's `info`."""

_FORMAT = "ivg-clip-store-1"

# name -> (dtype, shape after the clip axis, with "t" frames and "s" pixels). Annotation, then ground truth.
_ANNOTATION: dict[str, tuple[str, tuple[int | str, ...]]] = {
    "frames": ("u1", ("t", "s", "s", 3)),
    "keypoints": ("f4", ("t", 2, 21, 2)),
    "present": ("u1", ("t", 2)),
    "score": ("f4", ("t", 2)),
}
_GROUND_TRUTH: dict[str, tuple[str, tuple[int | str, ...]]] = {
    "appearance": ("f4", (5,)),
    "gt_keypoints": ("f4", ("t", 2, 21, 2)),
    "gt_visible": ("f4", ("t", 2)),
    "labels": ("u1", ("t", "s", "s")),
    "joints_world_m": ("f4", ("t", 2, 21, 3)),
    "gripper_trajectory": ("f4", ("t", 8)),
    "object_pose": ("f4", ("t", 7)),
    "grasp_point": ("f4", (3,)),
    "contact": ("u1", ("t",)),
    "K": ("f8", (3, 3)),
    "T_world_camera": ("f8", (4, 4)),
}
_ARRAYS = _ANNOTATION | _GROUND_TRUTH
_ABSENT = 255


@dataclass(frozen=True, eq=False)
class ClipRecord:
    """One clip with its annotation, and its ground truth where there is one (shapes as in the module's text).

    `present` and `contact` are bool here. Fields of the ground truth are None where unknown.
    """

    frames: NDArray[np.uint8]
    keypoints: NDArray[np.float32]
    present: NDArray[np.bool_]
    score: NDArray[np.float32]
    info: dict[str, Any] = field(default_factory=dict)
    appearance: NDArray[np.float32] | None = None
    gt_keypoints: NDArray[np.float32] | None = None
    gt_visible: NDArray[np.float32] | None = None
    labels: NDArray[np.uint8] | None = None
    joints_world_m: NDArray[np.float32] | None = None
    gripper_trajectory: NDArray[np.float32] | None = None
    object_pose: NDArray[np.float32] | None = None
    grasp_point: NDArray[np.float32] | None = None
    contact: NDArray[np.bool_] | None = None
    K: NDArray[np.float64] | None = None
    T_world_camera: NDArray[np.float64] | None = None

    @property
    def task(self) -> str:
        """The task's key, or "" if unknown."""
        return str(self.info.get("task", ""))

    @property
    def text(self) -> str:
        """The sentence that goes with the clip, or "" if unknown."""
        return str(self.info.get("text", ""))


class ClipStore:
    """Reads and writes clips. Several processes may write different indices of one store at a time."""

    def __init__(self, path: Path, group: zarr.Group) -> None:
        """Use `create` or `open`."""
        self.path = path
        self._group = group
        self._arrays: dict[str, zarr.Array] = {}

    @classmethod
    def create(
        cls,
        path: str | Path,
        *,
        count: int,
        size: int,
        fps: float,
        source: str,
        frames: int = 16,
        meta: dict[str, Any] | None = None,
    ) -> ClipStore:
        """Create a store, or open one that a stopped run left behind with the same count, size and source.

        Args:
            path: A new folder, or that of an unfinished store.
            count: Number of clips, written in any order.
            size: Height and width of the frames in pixels.
            fps: Frames per second.
            source: Where the clips come from ("kitchen", "epic-kitchens", ...).
            frames: Frames a clip.
            meta: More JSON values to keep with the store.

        Raises:
            StoreError: If the folder holds something else.
        """
        path = Path(path)
        attrs: dict[str, Any] = {
            "format": _FORMAT,
            "count": count,
            "size": size,
            "fps": fps,
            "source": source,
            "frames": frames,
        }
        if (path / ".zgroup").exists():
            return cls._reopen(path, attrs)
        if path.exists() and any(path.iterdir()):
            raise StoreError(f"{path} exists and is no clip store; give a new folder")
        if path.exists():  # an empty folder; it may be a mount, which nothing can take the place of
            _create_arrays(path, {"meta": meta or {}, **attrs})
        else:
            with staged_output(path) as stage:
                _create_arrays(stage, {"meta": meta or {}, **attrs})
        return cls.open(path, mode="r+")

    @classmethod
    def _reopen(cls, path: Path, attrs: dict[str, Any]) -> ClipStore:
        store = cls.open(path, mode="r+")
        for key, value in attrs.items():
            if store.attrs[key] != value:
                raise StoreError(f"{path} was begun with {key}={store.attrs[key]!r}, not {value!r}; give a new folder")
        return store

    @classmethod
    def open(cls, path: str | Path, mode: str = "r") -> ClipStore:
        """Open a store; mode "r" reads, "r+" also writes.

        Raises:
            StoreError: If there is no clip store at `path`.
        """
        path = Path(path)
        if not (path / ".zgroup").exists():
            raise StoreError(f"no clip store at {path}: expected a folder that `ivg-dataset render` wrote")
        group = zarr.open_group(str(path), mode=mode, zarr_format=2)  # type: ignore[arg-type]
        if group.attrs.get("format") != _FORMAT:
            raise StoreError(f"{path} has format {group.attrs.get('format')!r}, expected {_FORMAT!r}")
        return cls(path, group)

    @property
    def attrs(self) -> dict[str, Any]:
        """The store's own values: count, size, fps, source, frames, meta."""
        return dict(self._group.attrs)

    @property
    def size(self) -> int:
        """Height and width of the frames in pixels."""
        return int(self.attrs["size"])

    @property
    def fps(self) -> float:
        """Frames per second."""
        return float(self.attrs["fps"])

    def __len__(self) -> int:
        """Return the number of clips the store is made for, written or not (see `indices_done`)."""
        return int(self.array("done").shape[0])

    @property
    def indices_done(self) -> NDArray[np.int64]:
        """Indices of the clips that are wholly written, ascending; read anew at each call."""
        return np.flatnonzero(np.asarray(self.array("done")[:]) == 1)

    @property
    def indices_missing(self) -> NDArray[np.int64]:
        """Indices of the clips still to be written, ascending."""
        return np.flatnonzero(np.asarray(self.array("done")[:]) != 1)

    def array(self, name: str) -> zarr.Array:
        """Return one zarr array by its name, for reading in bulk."""
        if name not in self._arrays:
            found = self._group.get(name)
            if not isinstance(found, zarr.Array):
                raise StoreError(f"{self.path} has no array {name!r}; it has {', '.join([*_ARRAYS, 'info', 'done'])}")
            self._arrays[name] = found
        return self._arrays[name]

    def info(self, index: int) -> dict[str, Any]:
        """Return the JSON values of one clip."""
        raw = np.asarray(self.array("info")[index]).item()
        return dict(json.loads(raw)) if raw else {}

    @cached_property
    def infos(self) -> dict[int, dict[str, Any]]:
        """Info of every clip written when first asked, by index."""
        return {int(index): self.info(int(index)) for index in self.indices_done}

    @property
    def tasks(self) -> dict[int, str]:
        """Task key by clip index."""
        return {index: str(info.get("task", "")) for index, info in self.infos.items()}

    @property
    def texts(self) -> dict[int, str]:
        """Sentence by clip index."""
        return {index: str(info.get("text", "")) for index, info in self.infos.items()}

    def write(self, index: int, record: ClipRecord) -> None:
        """Write one clip; it counts as written only when all of it is.

        Raises:
            StoreError: If a field has another shape than the store, or `info` is too long.
        """
        self._check_index(index)
        info = _packed(index, record.info)
        self.array("done")[index] = 0
        for name in _ARRAYS:
            value = getattr(record, name)
            if value is None and name in _GROUND_TRUTH:
                self.array(name)[index] = self.array(name).fill_value  # removes what an earlier clip left there
                continue
            self._write_array(index, name, value)
        self.array("info")[index] = info
        self.array("done")[index] = 1

    def write_info(self, index: int, info: dict[str, Any]) -> None:
        """Replace the JSON values of one clip that is written.

        Raises:
            StoreError: If `info` is too long.
        """
        self._check_index(index)
        self.array("info")[index] = _packed(index, info)

    def _write_array(self, index: int, name: str, value: Any) -> None:
        array = self.array(name)
        value = np.asarray(value)
        if value.shape != array.shape[1:]:
            raise StoreError(f"{name} of clip {index} has shape {value.shape}, the store's is {array.shape[1:]}")
        array[index] = value.astype(array.dtype)

    def _check_index(self, index: int) -> None:
        if not 0 <= index < len(self):
            raise StoreError(f"clip {index} is outside of the store: it has clips 0 to {len(self) - 1}")

    def read(self, index: int) -> ClipRecord:
        """Read one clip.

        Raises:
            StoreError: If the clip is not written.
        """
        index = int(index)
        self._check_index(index)
        if int(np.asarray(self.array("done")[index])) != 1:
            raise StoreError(
                f"clip {index} of {self.path} is not written yet ({len(self.indices_done)} of {len(self)} are)"
            )
        values = {name: np.asarray(self.array(name)[index]) for name in _ARRAYS}
        known = {name: value for name, value in values.items() if name in _ANNOTATION or not _is_absent(value)}
        for name in ("present", "contact"):
            if name in known:
                known[name] = known[name].astype(bool)
        return ClipRecord(info=self.info(index), **known)


def _packed(index: int, info: dict[str, Any]) -> bytes:
    packed = json.dumps(info).encode()
    if len(packed) > INFO_BYTES:
        raise StoreError(f"info of clip {index} has {len(packed)} bytes as JSON, at most {INFO_BYTES} fit")
    return packed


def _create_arrays(folder: Path, attrs: dict[str, Any]) -> None:
    """Make an empty store."""
    group = zarr.open_group(str(folder), mode="w", zarr_format=2)
    for name, (dtype, shape) in _ARRAYS.items():
        sizes = tuple(attrs[{"t": "frames", "s": "size"}[n]] if isinstance(n, str) else n for n in shape)
        _create_array(group, name, dtype, (attrs["count"], *sizes))
    _create_array(group, "info", f"S{INFO_BYTES}", (attrs["count"],))
    _create_array(group, "done", "u1", (attrs["count"],))
    group.attrs.update(attrs)


def _create_array(group: zarr.Group, name: str, dtype: str, shape: tuple[int, ...]) -> None:
    fill: Any = np.nan if dtype in ("f4", "f8") else b"" if dtype.startswith("S") else _ABSENT
    compressor = Blosc(cname="lz4", clevel=5, shuffle=Blosc.NOSHUFFLE if dtype == "u1" else Blosc.SHUFFLE)
    group.create_array(name, shape=shape, chunks=(1, *shape[1:]), dtype=dtype, fill_value=fill, compressors=compressor)


def _is_absent(value: NDArray[Any]) -> bool:
    if value.dtype.kind == "f":
        return bool(np.isnan(value).all())
    return bool((value == _ABSENT).all())
