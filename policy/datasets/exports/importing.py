"""Importing datasets of other projects: one function for all formats."""

from __future__ import annotations

from pathlib import Path

from ivg.errors import InputError, unknown_option
from ivg.types import CLIP_FRAMES

from ..episodes import EpisodeStore, append_episodes, write_episodes
from ..store.archive import is_zip
from .exporting import Conversion, Progress
from .feature_map import load_feature_map

IMPORT_FORMATS = ("lerobot", "robomimic")  # that can be read


def import_dataset(
    source: str | Path,
    format: str,  # noqa: A002
    out: str | Path,
    *,
    size: tuple[int, int] | None = None,
    camera: str | None = None,
    text: str | None = None,
    feature_map: str | Path | None = None,
    append: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Conversion:
    """Read a dataset of another project as a dataset of robot episodes; on failure `out` is as it was.

    Our own exports come back as they were; foreign episodes have no demonstration (zeros).

    Args:
        source: LeRobot's folder, or robomimic's HDF5 file.
        format: One of `IMPORT_FORMATS`.
        out: A folder `*.zarr` or a file `*.zarr.zip`.
        size: Height and width of the images; as they are if None (with `append`: the dataset's).
        camera: Which camera, if there are several.
        text: Instruction, in place of the dataset's.
        feature_map: YAML file that says where position, rotation, opening, joints and action are.
        append: Add to the dataset at `out`.
        overwrite: Replace an existing dataset.
        progress: Progress callback, called with the number of imported episodes and 0, as their total is unknown.

    Raises:
        InputError: If a part is not found or outside its range, an argument does not fit, or `out` exists.
        StoreError: If there is no such dataset, or it cannot be read.
    """
    from .foreign import ImportOptions
    from .lerobot.reader import lerobot_episodes
    from .robomimic import robomimic_episodes

    if format not in IMPORT_FORMATS:
        raise unknown_option("format", format, IMPORT_FORMATS)
    out, frames = Path(out), CLIP_FRAMES
    is_zip(out)
    if append and out.exists():
        with EpisodeStore(out) as store:
            height, width = store.per_step("image").shape[1:3]
            frames = store.per_episode("demo_path").shape[1]
        if size is not None and size != (height, width):
            raise InputError(f"'{out}' has images of {height}x{width}, a size of {size[0]}x{size[1]} does not fit")
        size = (height, width)
    options = ImportOptions(size, camera, text, load_feature_map(feature_map) if feature_map else None, frames)
    read = lerobot_episodes if format == "lerobot" else robomimic_episodes
    result = Conversion(out, format)
    episodes = result.counted(read(source, options), 0, progress)
    if append:
        append_episodes(out, episodes)
    else:
        write_episodes(out, episodes, overwrite=overwrite)
    return result
