"""robomimic datasets as robot episodes: our own exports as they were, foreign ones without demonstrations."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ivg.errors import InputError, StoreError
from ivg.io.extras import needed
from ivg.io.images import resized

from ..episode import RobotEpisode
from .feature_map import Feature, FeatureMap, Part, listed
from .foreign import ImportOptions, chosen_camera, foreign_episode, of_size
from .hdf5 import GROUP, read_demonstration
from .robomimic_writer import EXTRA, IMAGE

ACTIONS = "actions"

FPS = 20.0
"""Steps per second of robosuite, if the file does not say."""

ROBOSUITE = FeatureMap(
    image="agentview_image",
    position=Part("robot0_eef_pos", (0, 1, 2)),
    rotation=Part("robot0_eef_quat", (0, 1, 2, 3), "xyzw"),
    opening=Part("robot0_gripper_qpos", (0, 1), low=(0.0,), high=(0.08,)),
    joints=Part("robot0_joint_pos", tuple(range(7))),
    action=(Part(ACTIONS, tuple(range(7))),),
)
"""The features of robosuite, for a Panda; its fingers are 8 cm apart at most."""

_DEFAULTS = ImportOptions()


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
    text = options.text or _words(str(environment.get("env_name", "")))
    for demo in demos:
        columns = {key: _rows(demo, key)[()] for key in features}
        columns = {key: values.reshape(len(values), -1) for key, values in columns.items()}
        yield foreign_episode(
            columns,
            np.arange(len(demo[ACTIONS])) / fps,
            np.stack([resized(image, options.size) for image in demo[f"obs/{camera}"]]),
            feature_map,
            features,
            text=text,
            success=bool(demo["rewards"][()].max() > 0) if "rewards" in demo else True,
            fps=fps,
            frames=options.frames,
            provenance={"import": {"format": "robomimic", "dataset": Path(file.filename).name, "episode": demo.name}},
        )


def _features(demo: Any) -> tuple[dict[str, Feature], list[str]]:
    """Return a demo's arrays of numbers and the keys of its images."""
    obs = demo["obs"]
    images = [key for key in obs if obs[key].ndim == 4 and obs[key].dtype == np.uint8 and obs[key].shape[-1] == 3]
    keys = [ACTIONS, *(key for key in obs if key not in images and obs[key].ndim <= 2)]
    widths = {key: int(np.prod(_rows(demo, key).shape[1:], dtype=np.int64)) for key in keys}
    return {key: Feature(width) for key, width in widths.items()}, images


def _rows(demo: Any, key: str) -> Any:
    return demo[ACTIONS] if key == ACTIONS else demo[f"obs/{key}"]


def _words(name: str) -> str:
    """Return the words of an environment's name: ``PickPlaceCan`` is "pick place can"."""
    return " ".join(re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", name.split("/")[-1])).lower()
