"""Robot episodes as a Minari dataset: a folder of the id's name with ``data/metadata.json`` and an HDF5 file.

Columns are listed in docs/exports.md. An episode holds no observation after its last action, so the last one is
repeated. Minari packs images of 32 pixels or more as lossy JPEG; here they are PNG, which it reads as well.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from ivg.errors import InputError
from ivg.io.extras import needed
from ivg.io.images import encode_png
from ivg.io.staging import staged_output

from ..episode import RobotEpisode
from .hdf5 import new_hdf5, write_demonstration
from .steps import UNKNOWN, WIDTHS, check_image_size, ends, environment_of, rewards, step_arrays

EXTRA = "minari"
MINARI_VERSION = "0.5.3"  # whose layout this is; later ones read it too
DATASET_ID = re.compile(r"[-\w]+/[-\w]+/[-\w]+-v\d+")
LEAST_IMAGE = 32  # Minari packs images whose height and width are at least this, px


def export_minari(
    root: str | Path,
    episodes: Iterable[RobotEpisode],
    dataset_id: str,
    *,
    env_spec: str | None = None,
    overwrite: bool = False,
) -> Path:
    """Write episodes as a Minari dataset, ``root/dataset_id``; it is there whole or not at all.

    `root` is the folder of all datasets, Minari's environment variable MINARI_DATASETS_PATH; the id has the form
    ``namespace/env/name-v0``. All images are of one size. With `env_spec`, JSON of the environment's
    `gymnasium.envs.registration.EnvSpec`, Minari can recreate the environment.

    Raises:
        InputError: As `export_dataset` does, or if the id has another form.
    """
    if not DATASET_ID.fullmatch(dataset_id):
        raise InputError(
            f"a dataset's id must be namespace/env/name-v0, of letters, digits, - and _, got {dataset_id!r}"
        )
    h5py = needed("h5py", EXTRA)
    target = Path(root) / dataset_id
    with staged_output(target, overwrite=overwrite) as stage:
        path = stage / "data" / "main_data.hdf5"
        path.parent.mkdir(parents=True)
        count, steps, first = 0, 0, None
        with new_hdf5(h5py, path, track_order=True) as (file, check):
            for count, episode in enumerate(episodes, start=1):
                first = first or episode
                check_image_size(first.image.shape[1:3], episode)
                _write_episode(h5py, file.create_group(f"episode_{count - 1}"), episode, count - 1)
                steps += len(episode)
                check()
        if first is None:
            raise InputError("there is no robot episode to write")
        totals = {"total_episodes": count, "total_steps": steps, "dataset_size": round(path.stat().st_size / 1e6, 1)}
        metadata = _metadata(dataset_id, first, env_spec) | totals
        path.with_name("metadata.json").write_text(json.dumps(metadata))
    return target


def new_id(path: Path, first: RobotEpisode) -> str:
    """Return an id after the names of the first episode's environment and of the dataset."""
    environment = re.sub(r"-v\d+$", "", environment_of(first)[0].split("/")[-1])
    parts = [environment.lower(), path.name.removesuffix(".zip").removesuffix(".zarr")]
    return "/".join(["ivg", *(re.sub(r"[^-\w]", "_", part) for part in parts)]) + "-v0"


def env_spec_of(first: RobotEpisode) -> str | None:
    """Return gymnasium's specification of the environment as JSON, None if it is not registered."""
    name, arguments = environment_of(first)
    if name not in gymnasium.registry:
        return None
    spec = copy.deepcopy(gymnasium.spec(name))
    spec.kwargs.update(arguments)
    return spec.to_json()


def _metadata(dataset_id: str, first: RobotEpisode, env_spec: str | None) -> dict[str, Any]:
    spaces = {name: _box((width,), "float32", -1e4, 1e4) for name, width in WIDTHS.items()}
    spaces["proprio"] = _box((first.proprio.shape[1],), "float32", -1e4, 1e4)
    spaces["image"] = _box(first.image.shape[1:], "uint8", 0, 255)
    environment, _ = environment_of(first)
    metadata = {
        "dataset_id": dataset_id,
        "minari_version": MINARI_VERSION,
        "data_format": "hdf5",
        "observation_space": json.dumps({"type": "Dict", "subspaces": spaces}),
        "action_space": json.dumps(_box((first.action.shape[1],), "float32", -1.0, 1.0)),
        "algorithm_name": "a robot that follows generated demonstrations",
        "description": f"Robot episodes made by ivg without teleoperation, in {environment}.",
        "requirements": ["ivg"] if environment != UNKNOWN else [],
    }
    return {**metadata, "env_spec": env_spec} if env_spec else metadata


def _box(shape: tuple[int, ...], dtype: str, low: float, high: float) -> dict[str, Any]:
    bounds = {name: np.full(shape, value, dtype).tolist() for name, value in (("low", low), ("high", high))}
    return {"type": "Box", "dtype": dtype, "shape": list(shape), **bounds}


def _write_episode(h5py: Any, group: Any, episode: RobotEpisode, number: int) -> None:
    group.attrs.update({"id": number, "total_steps": len(episode), "task": episode.task, "text": episode.text})
    if episode.seed >= 0:
        group.attrs["seed"] = episode.seed
    for name, values in {"proprio": episode.proprio, **step_arrays(episode)}.items():
        _write_rows(group, f"observations/{name}", _with_last(values))
    _write_images(h5py, group, _with_last(episode.image))
    done, succeeded = ends(episode), ends(episode) & episode.success
    rows: dict[str, NDArray[Any]] = {"actions": episode.action, "rewards": rewards(episode), "terminations": succeeded}
    rows |= {"truncations": done & ~succeeded, "infos/is_success": np.append(False, succeeded)}
    for name, column in rows.items():
        _write_rows(group, name, column)
    write_demonstration(group, episode)


def _with_last(values: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate([values, values[-1:]])


def _write_rows(group: Any, name: str, values: NDArray[Any]) -> None:
    packing = {"chunks": True, "compression": "gzip", "compression_opts": 1, "shuffle": True}
    group.create_dataset(name, data=values, maxshape=(None, *values.shape[1:]), **packing)


def _write_images(h5py: Any, group: Any, images: NDArray[np.uint8]) -> None:
    if min(images.shape[1:3]) < LEAST_IMAGE:
        _write_rows(group, "observations/image", images)
        return
    packed = np.empty(len(images), object)
    for index, image in enumerate(images):
        packed[index] = np.frombuffer(encode_png(image), np.uint8)
    kind = h5py.vlen_dtype(np.uint8)
    group.create_dataset("observations/image", data=packed, dtype=kind, chunks=True, maxshape=(None,))
