"""Result of an export or import."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..episode import RobotEpisode


@dataclass
class Conversion:
    """Result of `export_dataset` or `import_dataset`.

    Attributes:
        path: The folder or file that was written.
        format: The format that was written or read.
        episodes: Number of episodes.
        steps: Their steps.
        succeeded: Episodes that succeeded.
        demonstrations: Episodes with a demonstration.
        tasks: Number of episodes by task.
    """

    path: Path
    format: str
    episodes: int = 0
    steps: int = 0
    succeeded: int = 0
    demonstrations: int = 0
    tasks: Counter[str] = field(default_factory=Counter)

    def counted(
        self, episodes: Iterator[RobotEpisode], total: int = 0, progress: Callable[[int, int], None] | None = None
    ) -> Iterator[RobotEpisode]:
        """Pass episodes on, count them and report the progress."""
        for episode in episodes:
            self.episodes += 1
            self.steps += len(episode)
            self.succeeded += int(episode.success)
            self.demonstrations += bool(episode.demo_present.any())
            self.tasks[episode.task] += 1
            if progress is not None:
                progress(self.episodes, total)
            yield episode
            del episode  # so that the caller alone holds it

    @property
    def as_json(self) -> dict[str, Any]:
        """The counts as JSON values."""
        counts = {"episodes": self.episodes, "steps": self.steps, "success": self.succeeded}
        counts["demonstrations"] = self.demonstrations
        return {"path": str(self.path), "format": self.format, **counts, "tasks": dict(self.tasks)}

    @property
    def report(self) -> str:
        """The counts in words."""
        files = [file for file in [self.path, *self.path.rglob("*")] if file.is_file()]
        megabytes = sum(file.stat().st_size for file in files) / 1e6
        total = (
            f"{self.episodes} episodes, {self.steps} steps, {self.succeeded} that succeeded, "
            f"{self.demonstrations} with a demonstration, {megabytes:.1f} MB in {self.path} ({self.format})"
        )
        return "\n".join([total, *(f"  {task:<40}{count:>6}" for task, count in sorted(self.tasks.items()))])
