"""LeRobot datasets as robot episodes: our own exports as they were, foreign ones without demonstrations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...episode import RobotEpisode
from ..feature_names import map_by_names
from ..foreign import ImportOptions, chosen_camera, foreign_episode, of_size
from .features import ACTION, STATE, STEP_KEYS, read_demonstrations
from .folder import LeRobotFolder, numbers

_DEFAULTS = ImportOptions()


def lerobot_episodes(path: str | Path, options: ImportOptions = _DEFAULTS) -> Iterator[RobotEpisode]:
    """Read a LeRobot dataset v3.0, episode by episode.

    Of our own exports only the size of the options counts. Success of foreign episodes is what ``next.success`` or else
    ``next.reward`` says, true where there is neither.

    Raises:
        InputError: If pyarrow is missing, or a part is not found or outside its range.
        StoreError: If there is no such dataset, or it is of another version or incomplete.
    """
    folder = LeRobotFolder(path)
    demonstrations = read_demonstrations(folder.root, [row["length"] for row in folder.rows])
    return _foreign(folder, options) if demonstrations is None else _own(folder, demonstrations, options)


def _own(
    folder: LeRobotFolder, demonstrations: Iterator[dict[str, Any]], options: ImportOptions
) -> Iterator[RobotEpisode]:
    (camera,) = folder.images
    phases = {name: STEP_KEYS[name] for name in ("phase", "plan_phase")}
    for number, (table, arguments) in enumerate(zip(folder.tables(), demonstrations, strict=True)):
        arguments |= {name: numbers(table, key)[:, 0] for name, key in phases.items()}
        arguments |= {"proprio": numbers(table, STATE), "action": numbers(table, ACTION)}
        arguments["image"] = folder.read_images(camera, number, table, None)
        yield RobotEpisode(**of_size(arguments, options.size))


def _foreign(folder: LeRobotFolder, options: ImportOptions) -> Iterator[RobotEpisode]:
    feature_map = options.feature_map or map_by_names(folder.features, folder.images)
    feature_map.check(folder.features)
    camera = chosen_camera(folder.images, options, feature_map.image)
    for number, table in enumerate(folder.tables()):
        columns = {key: numbers(table, key) for key in folder.features}
        images = folder.read_images(camera, number, table, options.size)
        text = options.text or folder.texts.get(int(table.column("task_index")[0].as_py()), "")
        success = next((columns[key].max() > 0 for key in ("next.success", "next.reward") if key in columns), True)
        source = {"format": "lerobot", "dataset": folder.root.name, "episode": number}
        about: dict[str, Any] = {"text": text, "success": bool(success), "fps": folder.fps, "source": source}
        yield foreign_episode(columns, images, feature_map, folder.features, frames=options.frames, **about)
