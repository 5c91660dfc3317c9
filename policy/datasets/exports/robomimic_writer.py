"""Robot episodes as a robomimic dataset: one HDF5 file.

==============================  ========  =================  =========================================================
name                            dtype     shape              content
==============================  ========  =================  =========================================================
``data/demo_i/actions``         float32   (n, 7)             in [-1, 1]
``data/demo_i/rewards``         float32   (n,)               1 in the last step of a success, else 0
``data/demo_i/dones``           int64     (n,)               1 in the last step
``data/demo_i/states``          float32   (n, 16)            proprioception; no simulator can be set to it
``data/demo_i/obs/image``       uint8     (n, h, w, 3)       image
``data/demo_i/obs/proprio``     float32   (n, 16)            proprioception
``data/demo_i/obs/NAME``        float32   (n, width)         every array of `ivg.policy.datasets.exports.steps`
``data/demo_i/next_obs/*``                                   the same of the next step; the last one is repeated
``mask/train``, ``mask/valid``  bytes                        names of demos
==============================  ========  =================  =========================================================

Attributes: ``data``: ``total`` (steps), ``env_args`` (JSON); ``data/demo_i``: ``num_samples``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from ivg.errors import InputError
from ivg.io.extras import needed
from ivg.io.staging import staged_output

from ..episode import RobotEpisode
from .hdf5 import new_hdf5, write_demonstration, write_packed
from .steps import ends, environment_of, rewards, step_arrays

EXTRA = "robomimic"

GYM_TYPE = 2
"""robomimic's number of gym environments."""

IMAGE = "image"


def export_robomimic(
    path: str | Path, episodes: Iterable[RobotEpisode], *, valid: float = 0.1, overwrite: bool = False
) -> Path:
    """Write episodes as a robomimic dataset, an HDF5 file; it is there whole or not at all.

    Args:
        path: A file.
        episodes: At least one.
        valid: Fraction of the episodes in ``mask/valid``, in [0, 1); at least one if it is above 0 and there are two.
        overwrite: Replace an existing file.

    Raises:
        InputError: As `export_dataset` does, or if `valid` is out of its range.
    """
    if not 0 <= valid < 1:
        raise InputError(f"the fraction of episodes for validation must lie in [0, 1), got {valid:g}")
    h5py = needed("h5py", EXTRA)
    with staged_output(path, overwrite=overwrite) as stage, new_hdf5(h5py, stage) as (file, check):
        data, total, count = file.create_group("data"), 0, 0
        for count, episode in enumerate(episodes, start=1):
            if count == 1:
                data.attrs["env_args"] = json.dumps(_env_args(episode))
            _write_demo(h5py, data.create_group(f"demo_{count - 1}"), episode)
            total += len(episode)
            check()
        if not count:
            raise InputError("there is no robot episode to write")
        data.attrs["total"] = total
        for name, numbers in zip(("train", "valid"), split(count, valid), strict=True):
            file[f"mask/{name}"] = np.array([f"demo_{number}".encode() for number in numbers], dtype="S")
    return Path(path)


def split(count: int, valid: float) -> tuple[list[int], list[int]]:
    """Divide episodes at random, but always alike, into those for training and those for validation."""
    held_out = min(count - 1, max(1, round(valid * count))) if valid > 0 else 0
    order = np.random.default_rng(0).permutation(count).tolist()
    return sorted(order[held_out:]), sorted(order[:held_out])


def _env_args(episode: RobotEpisode) -> dict[str, Any]:
    name, arguments = environment_of(episode)
    return {"env_name": name, "type": GYM_TYPE, "env_kwargs": arguments}


def _write_demo(h5py: Any, demo: Any, episode: RobotEpisode) -> None:
    demo.attrs["num_samples"] = len(episode)
    write_packed(demo, "actions", episode.action)
    write_packed(demo, "states", episode.proprio)
    write_packed(demo, "rewards", rewards(episode))
    write_packed(demo, "dones", ends(episode).astype(np.int64))
    for name, values in {"proprio": episode.proprio, **step_arrays(episode)}.items():
        write_packed(demo, f"obs/{name}", values)
        write_packed(demo, f"next_obs/{name}", np.concatenate([values[1:], values[-1:]]))
    write_packed(demo, f"obs/{IMAGE}", episode.image)
    _shift(h5py, demo)
    write_demonstration(demo, episode)


def _shift(h5py: Any, demo: Any) -> None:
    """Give `next_obs` the images of `obs` one step on, as a view, so that they are stored once."""
    source = h5py.VirtualSource(demo[f"obs/{IMAGE}"])
    steps, *rest = source.shape
    view = h5py.VirtualLayout((steps, *rest), np.uint8)
    if steps > 1:
        view[: steps - 1] = source[1:]
    view[steps - 1 :] = source[steps - 1 :]
    demo.create_virtual_dataset(f"next_obs/{IMAGE}", view)
