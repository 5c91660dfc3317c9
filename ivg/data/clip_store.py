"""A folder of short clips with their annotation (layout: `ivg.data.clip_record`), safe to write in parallel."""

import json
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import zarr
from numpy.typing import NDArray

from ..errors import StoreError
from ..io.staging import staged_output
from .clip_record import ANNOTATION, ARRAYS, DISK_NAMES, GROUND_TRUTH, INFO_BYTES, ClipRecord, create_arrays, is_absent

_FORMAT = "ivg-clip-store-1"


class ClipStore:
    """Reads and writes clips. Several processes may write different indices of one store at a time."""

    def __init__(self, path: Path, group: zarr.Group) -> None:
        self.path, self._group = path, group
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
    ) -> Self:
        """Create a store of `count` clips, or open one that a stopped run left behind with the same properties.

        `source` says where the clips come from ("kitchen", "epic-kitchens", ...), `meta` holds more JSON values to
        keep. A `StoreError` if the folder holds something else.
        """
        path = Path(path)
        attrs: dict[str, Any] = {"format": _FORMAT, "count": count, "size": size, "fps": fps}
        attrs |= {"source": source, "frames": frames}
        if (path / ".zgroup").exists():
            store = cls.open(path, mode="r+")
            for key, value in attrs.items():
                if store.attrs[key] != value:
                    begun = f"{key}={store.attrs[key]!r}, not {value!r}"
                    raise StoreError(f"{path} was begun with {begun}; give a new folder")
            return store
        if path.exists() and any(path.iterdir()):
            raise StoreError(f"{path} exists and is no clip store; give a new folder")
        if path.exists():  # an empty folder; it may be a mount, which nothing can take the place of
            create_arrays(path, {"meta": meta or {}, **attrs})
        else:
            with staged_output(path) as stage:
                create_arrays(stage, {"meta": meta or {}, **attrs})
        return cls.open(path, mode="r+")

    @classmethod
    def open(cls, path: str | Path, mode: str = "r") -> Self:
        """Open a store; mode "r" reads, "r+" also writes. A `StoreError` if there is none at `path`."""
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
        """Return the number of clips, written or not (see `indices_done`)."""
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
            found = self._group.get(DISK_NAMES.get(name, name))
            if not isinstance(found, zarr.Array):
                raise StoreError(f"{self.path} has no array {name!r}; it has {', '.join([*ARRAYS, 'info', 'done'])}")
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

        A `StoreError` if a field has another shape than the store, or `info` is too long.
        """
        self._check_index(index)
        info = _packed(index, record.info)
        self.array("done")[index] = 0
        for name in ARRAYS:
            value, array = getattr(record, name), self.array(name)
            if value is None and name in GROUND_TRUTH:
                array[index] = array.fill_value  # removes what an earlier clip left there
                continue
            value = np.asarray(value)
            if value.shape != array.shape[1:]:
                raise StoreError(f"{name} of clip {index} has shape {value.shape}, the store's is {array.shape[1:]}")
            array[index] = value.astype(array.dtype)
        self.array("info")[index] = info
        self.array("done")[index] = 1

    def write_info(self, index: int, info: dict[str, Any]) -> None:
        """Replace the JSON values of one clip that is written; too long ones raise a `StoreError`."""
        self._check_index(index)
        self.array("info")[index] = _packed(index, info)

    def _check_index(self, index: int) -> None:
        if not 0 <= index < len(self):
            raise StoreError(f"clip {index} is outside of the store: it has clips 0 to {len(self) - 1}")

    def read(self, index: int) -> ClipRecord:
        """Read one clip; a `StoreError` if it is not written."""
        index = int(index)
        self._check_index(index)
        if int(np.asarray(self.array("done")[index])) != 1:
            done = len(self.indices_done)
            raise StoreError(f"clip {index} of {self.path} is not written yet ({done} of {len(self)} are)")
        values = {name: np.asarray(self.array(name)[index]) for name in ARRAYS}
        known = {name: value for name, value in values.items() if name in ANNOTATION or not is_absent(value)}
        for name in ("present", "contact"):
            if name in known:
                known[name] = known[name].astype(bool)
        return ClipRecord(info=self.info(index), **known)


def _packed(index: int, info: dict[str, Any]) -> bytes:
    packed = json.dumps(info).encode()
    if len(packed) > INFO_BYTES:
        raise StoreError(f"info of clip {index} has {len(packed)} bytes as JSON, at most {INFO_BYTES} fit")
    return packed
