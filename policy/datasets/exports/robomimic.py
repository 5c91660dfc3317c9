"""Robot episodes as a robomimic dataset, one HDF5 file, and robomimic datasets as robot episodes.

Columns are listed in docs/exports.md. ``states`` are the proprioception, to which no simulator can be set. Attributes:
``data``: ``total`` (steps), ``env_args`` (JSON); ``data/demo_i``: ``num_samples``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ivg.errors import InputError, StoreError
from ivg.io.extras import needed
from ivg.io.images import resized
from ivg.io.staging import staged_output

from ..episode import RobotEpisode
from .feature_map import Feature, FeatureMap, Part, listed
from .foreign import ImportOptions, chosen_camera, foreign_episode, of_size
from .hdf5 import GROUP, new_hdf5, read_demonstration, write_demonstration, write_packed
from .steps import ends, environment_of, rewards, step_arrays

EXTRA = "robomimic"
GYM_TYPE = 2  # robomimic's number of gym environments
ACTIONS, IMAGE = "actions", "image"
FPS = 20.0  # steps per second of robosuite, if the file does not say

# the features of robosuite, for a Panda; its fingers are 8 cm apart at most
ROBOSUITE = FeatureMap(
    image="agentview_image",
    position=Part("robot0_eef_pos", (0, 1, 2)),
    rotation=Part("robot0_eef_quat", (0, 1, 2, 3), "xyzw"),
    opening=Part("robot0_gripper_qpos", (0, 1), low=(0.0,), high=(0.08,)),
    joints=Part("robot0_joint_pos", tuple(range(7))),
    action=(Part(ACTIONS, tuple(range(7))),),
)

_DEFAULTS = ImportOptions()


def export_robomimic(
    path: str | Path, episodes: Iterable[RobotEpisode], *, valid: float = 0.1, overwrite: bool = False
) -> Path:
    """Write episodes, at least one, as a robomimic dataset, an HDF5 file; it is there whole or not at all.

    A fraction `valid` of them, in [0, 1), is listed in ``mask/valid``: at least one if it is above 0 and there are two.

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
                name, arguments = environment_of(episode)
                data.attrs["env_args"] = json.dumps({"env_name": name, "type": GYM_TYPE, "env_kwargs": arguments})
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
    source = h5py.VirtualSource(demo[f"obs/{IMAGE}"])  # `next_obs` is a view of it, so that images are stored once
    last, view = len(episode) - 1, h5py.VirtualLayout(source.shape, np.uint8)
    if last:
        view[:last] = source[1:]
    view[last:] = source[last:]
    demo.create_virtual_dataset(f"next_obs/{IMAGE}", view)
    write_demonstration(demo, episode)


def robomimic_episodes(path: str | Path, options: ImportOptions = _DEFAULTS) -> Iterator[RobotEpisode]:
    """Read a robomimic dataset, episode by episode.

    Of our own exports only the size of the options counts. A foreign dataset without a map is read as robosuite's
    (`ROBOSUITE`). Success is whether a reward is above 0, true where there are no rewards.

    Raises:
        InputError: If h5py is missing, or a part is not found or outside its range.
        StoreError: If there is no such dataset.
    """
    h5py = needed("h5py", EXTRA)
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise StoreError(f"'{path}' is no HDF5 file: {error}") from error
    with file:
        names = sorted(file.get("data", {}), key=lambda name: int(re.sub(r"\D", "", name) or 0))
        if not names or "actions" not in file[f"data/{names[0]}"] or "obs" not in file[f"data/{names[0]}"]:
            raise StoreError(f"'{path}' is no robomimic dataset: it needs data/demo_*/actions and data/demo_*/obs")
        demos = [file[f"data/{name}"] for name in names]
        yield from (_own if GROUP in demos[0] else _foreign)(file, demos, options)


def _own(file: Any, demos: list[Any], options: ImportOptions) -> Iterator[RobotEpisode]:
    for demo in demos:
        obs = demo["obs"]
        arguments = read_demonstration(demo)
        arguments |= {"proprio": obs["proprio"][()], "action": demo[ACTIONS][()], "image": obs[IMAGE][()]}
        arguments |= {name: obs[name][:, 0] for name in ("phase", "plan_phase")}
        yield RobotEpisode(**of_size(arguments, options.size))


def _foreign(file: Any, demos: list[Any], options: ImportOptions) -> Iterator[RobotEpisode]:
    features, images = _features(demos[0])
    feature_map = options.feature_map or ROBOSUITE
    try:
        feature_map.check(features)
    except InputError as error:
        raise InputError(
            f"{error}. The dataset has: {listed(features, images)}. Say where the parts are in a mapping file "
            "(--map FILE, see docs/exports.md)"
        ) from error
    rule = feature_map.image if feature_map.image in images or len(images) != 1 else None  # the only camera counts
    camera = chosen_camera(images, options, rule)
    environment = json.loads(file["data"].attrs.get("env_args", "{}"))
    fps = float(environment.get("env_kwargs", {}).get("control_freq", FPS))
    name = str(environment.get("env_name", "")).split("/")[-1]
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", name)  # "PickPlaceCan" is "pick place can"
    text = options.text or " ".join(words).lower()
    for demo in demos:
        columns = {key: _rows(demo, key)[()] for key in features}
        columns = {key: values.reshape(len(values), -1) for key, values in columns.items()}
        frames = np.stack([resized(image, options.size) for image in demo[f"obs/{camera}"]])
        success = bool(demo["rewards"][()].max() > 0) if "rewards" in demo else True
        source = {"format": "robomimic", "dataset": Path(file.filename).name, "episode": demo.name}
        about: dict[str, Any] = {"text": text, "success": success, "fps": fps, "source": source}
        yield foreign_episode(columns, frames, feature_map, features, frames=options.frames, **about)


def _features(demo: Any) -> tuple[dict[str, Feature], list[str]]:
    obs = demo["obs"]
    images = [key for key in obs if obs[key].ndim == 4 and obs[key].dtype == np.uint8 and obs[key].shape[-1] == 3]
    keys = [ACTIONS, *(key for key in obs if key not in images and obs[key].ndim <= 2)]
    widths = {key: int(np.prod(_rows(demo, key).shape[1:], dtype=np.int64)) for key in keys}
    return {key: Feature(width) for key, width in widths.items()}, images


def _rows(demo: Any, key: str) -> Any:
    return demo[ACTIONS] if key == ACTIONS else demo[f"obs/{key}"]
