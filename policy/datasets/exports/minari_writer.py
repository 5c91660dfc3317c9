"""Robot episodes as a Minari dataset: a folder of the id's name with ``data/metadata.json`` and an HDF5 file.

==================================  ========  ==================  ====================================================
name                                dtype     shape               content
==================================  ========  ==================  ====================================================
``episode_i/observations/image``    uint8     (n + 1, h, w, 3)    picture
``episode_i/observations/proprio``  float32   (n + 1, 16)         proprioception
``episode_i/observations/NAME``     float32   (n + 1, width)      every array of `ivg.policy.datasets.exports.steps`
``episode_i/actions``               float32   (n, 7)              in [-1, 1]
``episode_i/rewards``               float32   (n,)                1 in the last step of a success, else 0
``episode_i/terminations``          bool      (n,)                true in the last step of a success
``episode_i/truncations``           bool      (n,)                true in the last step of what did not succeed
``episode_i/infos/is_success``      bool      (n + 1,)            true after the last step of a success
==================================  ========  ==================  ====================================================

An episode holds no observation after its last action: the last one stands there twice. Minari packs pictures of 32
pixels or more as JPEG, which loses some of them; here they are PNG in the same place, which it unpacks as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivg.errors import InputError
from ivg.io.staging import staged_output

from ..episodes import RobotEpisode
from .environment import UNKNOWN, environment_of
from .extras import needed
from .hdf5_demonstration import write_demonstration
from .hdf5_file import new_hdf5
from .images import encode_png
from .steps import WIDTHS, rewards, step_arrays

EXTRA = "minari"

MINARI_VERSION = "0.5.3"
"""The version whose layout this is; later ones read it too."""

DATASET_ID = re.compile(r"[-\w]+/[-\w]+/[-\w]+-v\d+")

LEAST_PICTURE = 32
"""Minari packs pictures whose height and width are at least this, px."""

Shape = tuple[int, ...]


def export_minari(
    root: str | Path,
    episodes: Iterable[RobotEpisode],
    dataset_id: str,
    *,
    env_spec: str | None = None,
    overwrite: bool = False,
) -> Path:
    """Write episodes as a Minari dataset; it is there whole or not at all.

    Args:
        root: The folder of all datasets, which Minari is told of by the environment variable MINARI_DATASETS_PATH.
        episodes: At least one, all with pictures of one size; a generator is drawn from as it is written.
        dataset_id: ``namespace/env/name-v0``.
        env_spec: JSON of the environment's `gymnasium.envs.registration.EnvSpec`, so that Minari can make it again.
        overwrite: Replace a dataset of that id.

    Returns:
        The dataset's folder, ``root/dataset_id``.

    Raises:
        InputError: If h5py is missing, the id has another form, there is such a dataset (and it is not to be
            overwritten), there is no episode, or their pictures differ in size.
    """
    if not DATASET_ID.fullmatch(dataset_id):
        raise InputError(
            f"a dataset's id must be namespace/env/name-v0, of letters, digits, - and _, got {dataset_id!r}"
        )
    h5py = needed("h5py", EXTRA)
    target = Path(root) / dataset_id
    with staged_output(target, overwrite=overwrite) as stage:
        (stage / "data").mkdir(parents=True)
        count, steps, first = 0, 0, None
        with new_hdf5(h5py, stage / "data" / "main_data.hdf5", track_order=True) as (file, check):
            for count, episode in enumerate(episodes, start=1):
                first = first or episode
                _check_size(first, episode)
                _write_episode(h5py, file.create_group(f"episode_{count - 1}"), episode, count - 1)
                steps += len(episode)
                check()
        if first is None:
            raise InputError("there is no robot episode to write")
        megabytes = (stage / "data" / "main_data.hdf5").stat().st_size / 1e6
        told = _metadata(dataset_id, first, env_spec)
        told |= {"total_episodes": count, "total_steps": steps, "dataset_size": round(megabytes, 1)}
        (stage / "data" / "metadata.json").write_text(json.dumps(told))
    return target


def _metadata(dataset_id: str, first: RobotEpisode, env_spec: str | None) -> dict[str, Any]:
    spaces = {name: _box((width,), "float32", -1e4, 1e4) for name, width in WIDTHS.items()}
    spaces["proprio"] = _box((first.proprio.shape[1],), "float32", -1e4, 1e4)
    spaces["image"] = _box(first.image.shape[1:], "uint8", 0, 255)
    told = {
        "dataset_id": dataset_id,
        "minari_version": MINARI_VERSION,
        "data_format": "hdf5",
        "observation_space": json.dumps({"type": "Dict", "subspaces": spaces}),
        "action_space": json.dumps(_box((first.action.shape[1],), "float32", -1.0, 1.0)),
        "algorithm_name": "a robot that follows generated demonstrations",
        "description": f"Robot episodes made by ivg without teleoperation, in {environment_of(first).id}.",
        "requirements": ["ivg"] if environment_of(first).id != UNKNOWN else [],
    }
    return {**told, "env_spec": env_spec} if env_spec else told


def _box(shape: Shape, dtype: str, low: float, high: float) -> dict[str, Any]:
    """Return a gymnasium Box as Minari writes it."""
    bounds = {name: np.full(shape, value, dtype).tolist() for name, value in (("low", low), ("high", high))}
    return {"type": "Box", "dtype": dtype, "shape": list(shape), **bounds}


def _write_episode(h5py: Any, group: Any, episode: RobotEpisode, number: int) -> None:
    group.attrs.update({"id": number, "total_steps": len(episode), "task": episode.task, "text": episode.text})
    if episode.seed >= 0:
        group.attrs["seed"] = episode.seed
    seen = {"proprio": episode.proprio, **step_arrays(episode)}
    for name, values in seen.items():
        _write_rows(group, f"observations/{name}", _closed(values))
    _write_pictures(h5py, group, _closed(episode.image))
    last = np.arange(len(episode)) == len(episode) - 1
    _write_rows(group, "actions", episode.action)
    _write_rows(group, "rewards", rewards(episode))
    _write_rows(group, "terminations", last & episode.success)
    _write_rows(group, "truncations", last & (not episode.success))
    _write_rows(group, "infos/is_success", np.append(False, last & episode.success))
    write_demonstration(group, episode)


def _closed(values: NDArray[Any]) -> NDArray[Any]:
    """Return (n + 1, ...) of (n, ...): the last row stands for what was seen after the last action too."""
    return np.concatenate([values, values[-1:]])


def _write_rows(group: Any, name: str, values: NDArray[Any]) -> None:
    packing = {"compression": "gzip", "compression_opts": 1, "shuffle": True}
    group.create_dataset(name, data=values, chunks=True, maxshape=(None, *values.shape[1:]), **packing)


def _write_pictures(h5py: Any, group: Any, pictures: NDArray[np.uint8]) -> None:
    if min(pictures.shape[1:3]) < LEAST_PICTURE:
        _write_rows(group, "observations/image", pictures)
        return
    packed = np.empty(len(pictures), object)
    for place, picture in enumerate(pictures):
        packed[place] = np.frombuffer(encode_png(picture), np.uint8)
    kind = h5py.vlen_dtype(np.uint8)
    group.create_dataset("observations/image", data=packed, dtype=kind, chunks=True, maxshape=(None,))


def _check_size(first: RobotEpisode, episode: RobotEpisode) -> None:
    size, got = first.image.shape[1:3], episode.image.shape[1:3]
    if size != got:
        raise InputError(f"all pictures of a dataset must have one size: {tuple(size)}, got {tuple(got)}")
