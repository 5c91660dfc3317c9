"""Which task a free text asks for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from .errors import EnvsError


class Worded(Protocol):
    """A task that can be asked for in words."""

    @property
    def phrasings(self) -> tuple[str, ...]:
        """Sentences that ask for it."""

    @property
    def words(self) -> tuple[frozenset[str], ...]:
        """Groups of words; a text asks for the task when it has a word of every group."""


@dataclass(frozen=True)
class TaskMatch:
    """Which task a free text asks for."""

    text: str  # The text, as given
    task: str | None  # The task's name, or None when the text is near none

    @property
    def scored(self) -> bool:
        """Whether success can be judged."""
        return self.task is not None


def match_wording(text: str, tasks: Mapping[str, Worded]) -> TaskMatch:
    """Map a free text to the task (name to task) whose words it has; the match has ``task=None`` where nothing is near.

    A name or a phrasing of a task matches itself; another text matches the one task of which it has a word of every
    group. A text that fits none, or two equally well, matches none. A text without a letter raises an `EnvsError`.
    """
    words = set(re.findall(r"[a-z]+", text.lower().replace("_", " ")))
    if not words:
        raise EnvsError(f"task text {text!r}: it must contain a word. Known tasks: {', '.join(tasks)}.")
    plain = _plain(text)
    for name, task in tasks.items():
        if plain in (*map(_plain, task.phrasings), _plain(name.replace("_", " "))):
            return TaskMatch(text, name)
    words |= {word[:-1] for word in words if word.endswith("s")} | {word.removesuffix("ing") for word in words}
    words |= {word[:-4] for word in words if re.search(r"(.)\1ing$", word)}  # cutting -> cut
    fits = [name for name, task in tasks.items() if all(words & group for group in task.words)]
    most = max((len(tasks[name].words) for name in fits), default=0)
    best = [name for name in fits if len(tasks[name].words) == most]
    return TaskMatch(text, best[0] if len(best) == 1 else None)


def word_groups(*groups: str) -> tuple[frozenset[str], ...]:
    """Return groups of words, each given as one string."""
    return tuple(frozenset(group.split()) for group in groups)


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[a-z]+", text.lower()))
