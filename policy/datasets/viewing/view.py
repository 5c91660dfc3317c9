"""Showing a dataset: the one function behind ``ivg-view``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ivg.errors import InputError

from ..attempts import KEPT, REASONS, RECORD, acceptance, recorded_attempts

if TYPE_CHECKING:
    from .dataset import ViewedDataset

EPISODES = 100  # shown by default: some 9 MB of 128 px


@dataclass(frozen=True)
class ViewResult:
    """Result of `view_dataset`."""

    dataset: Path  # the dataset
    kind: str  # "robot episodes" or "demonstrations"
    episodes: int  # number of episodes in the dataset
    available: int  # number of those of the chosen tasks
    shown: int  # number of those shown
    page: Path | None = None  # the web page, None if none was written
    refused: int = 0  # number of refused attempts listed on the page
    recording: Path | None = None  # the recording, None if none was saved

    @property
    def as_json(self) -> dict[str, Any]:
        """The counts as JSON values."""
        figures: dict[str, Any] = {"dataset": str(self.dataset), "kind": self.kind, "episodes": self.episodes}
        figures["shown"] = self.shown
        if self.recording:
            figures |= {"recording": str(self.recording), "recording_megabytes": _megabytes(self.recording)}
        if self.page:
            figures |= {"page": str(self.page), "refused": self.refused, "megabytes": _megabytes(self.page)}
        return figures

    @property
    def report(self) -> str:
        """The counts in words."""
        shown = f"{self.shown} of {self.episodes} {self.kind}"
        refused = f", {self.refused} refused attempts" if self.refused else ""
        lines = [] if self.page or self.recording else [f"{shown} are shown in rerun"]
        lines += [f"{self.recording}: {shown}, {_megabytes(self.recording):.1f} MB"] if self.recording else []
        lines += [f"{self.page}: {shown}{refused}, {_megabytes(self.page):.1f} MB"] if self.page else []
        if self.shown < self.available:
            more = "more: --episodes N, or --episodes all"
            lines.append(f"  shown are {self.shown} of {self.available} episodes; {more}")
        return "\n".join(lines)


def _megabytes(path: Path) -> float:
    return path.stat().st_size / 1e6


def view_dataset(
    dataset: str | Path,
    *,
    out: str | Path | None = None,
    episodes: int | None = EPISODES,
    tasks: Sequence[str] = (),
    images: int = 24,
    size: int = 256,
    quality: int = 70,
    rerun: bool = False,
    save: str | Path | None = None,
    overwrite: bool = False,
) -> ViewResult:
    """Write a web page of a dataset, or a recording for rerun, or open rerun.

    Args:
        dataset: Of robot episodes or demonstrations, `*.zarr` or `*.zarr.zip`.
        out: The page, `*.html`; by default beside the dataset (none with `rerun`).
        episodes: Maximum number of episodes, those of all tasks in turn; all if None.
        tasks: Only episodes of these tasks; all if empty.
        images: Maximum number of the robot's images per episode, evenly spaced.
        size: Maximum height and width of an image on the page, px.
        quality: Of the page's images, 1 to 100.
        rerun: Show it in rerun (`pip install 'ivg[rerun]'`).
        save: With `rerun`: write a recording `*.rrd` and open no viewer.
        overwrite: Replace existing files.

    Raises:
        InputError: If an argument is out of its range, a task is unknown, or a file exists.
        StoreError: If there is no such dataset.
    """
    from .dataset import ViewedDataset
    from .page import PageSettings, write_page
    from .recording import record_episodes

    settings = PageSettings(images, size, quality)
    if episodes is not None and episodes < 1:
        raise InputError(f"episodes must be positive, got {episodes}")
    if save and not rerun:
        raise InputError("save writes a recording for rerun: ask for rerun, too")
    for name, path, ending in (("out", out, ".html"), ("save", save, ".rrd")):
        if path and Path(path).suffix != ending:
            raise InputError(f"{name} must end with {ending}, got '{path}'")
    page, refused = None, 0
    with ViewedDataset(dataset) as viewed:
        chosen = viewed.choose(episodes, tasks)
        if rerun:
            record_episodes(viewed, chosen, save, overwrite=overwrite)
        if out or not rerun:
            name = viewed.path.name.removesuffix(".zip").removesuffix(".zarr")
            attempts = _attempts(viewed, tasks)
            page, refused = Path(out or viewed.path.with_name(f"{name}.html")), len(attempts["refused"])
            write_page(page, viewed, chosen, attempts=attempts, settings=settings, overwrite=overwrite)
        available = len(viewed.choose(None, tasks))
        recording = Path(save) if save else None
        return ViewResult(viewed.path, viewed.kind, len(viewed), available, len(chosen), page, refused, recording)


def _attempts(dataset: ViewedDataset, tasks: Sequence[str]) -> dict[str, Any]:
    attempts = [attempt for attempt in recorded_attempts(dataset.attributes) if not tasks or attempt.task in tasks]
    refused = [asdict(attempt) for attempt in attempts if attempt.outcome != KEPT]
    for row in refused:
        row["reason"] = row.pop("outcome")
    settings = dataset.attributes.get(RECORD, {}).get("settings", {})
    return {"attempts": acceptance(attempts), "refused": refused, "meanings": REASONS, "settings": settings}
