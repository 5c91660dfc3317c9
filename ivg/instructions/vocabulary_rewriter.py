"""Expanding instructions by a scene's vocabulary: no model, no network, the same text every time."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import unknown_option
from ..types import HANDS
from .vocabulary import GENERAL_KITCHEN, Action, SceneVocabulary, Thing

TARGET_WORDS = ("into", "onto", "in", "on", "to", "over")  # Words before the thing that another one is brought to


@dataclass(frozen=True)
class _Named:
    """A thing, what the instruction calls it, and the word before it (articles left out)."""

    thing: Thing
    said: str
    before: str


class VocabularyRewriter:
    """Says of an instruction who holds what where, by a scene's vocabulary (kitchens in general if None).

    The instruction stays as it is, and what hands do is put behind it: "cut carrot" becomes "cut carrot: the right hand
    holds the knife and cuts the carrot on the cutting board, the left hand holds it still". An instruction whose verb
    or object is not in the vocabulary stays as it is.
    """

    def __init__(self, vocabulary: SceneVocabulary | None = None) -> None:
        self.vocabulary = vocabulary or GENERAL_KITCHEN

    @property
    def provenance(self) -> dict[str, Any]:
        """Its name, and the vocabulary's fingerprint."""
        return {"name": "vocabulary", "vocabulary": self.vocabulary.fingerprint}

    def __call__(self, text: str, *, frame: NDArray[np.uint8] | None = None, side: str = "right") -> str:
        """Rewrite an instruction; the frame is not used, an unknown `side` raises an `InputError`."""
        if side not in HANDS:
            raise unknown_option("side", side, HANDS)
        words = re.findall(r"[a-z]+", text.lower())
        action = self._action(words)
        things = list(self._things(words))
        if action is None or not things:
            return text
        tool = next((thing.said for thing in things if thing.before == "with"), action.tool)
        target = next((thing for thing in things if thing.before in TARGET_WORDS), None)
        moved = next((thing for thing in things if thing.before not in (*TARGET_WORDS, "with")), None)
        if moved is None:  # "turn on the stove", "stir in the pot": what is worked on has the preposition
            moved, target = target, None
        if moved is None:
            return text
        where = f" {target.before} the {target.said}" if target else ""
        place = f" {moved.thing.place}" if moved.thing.place else ""
        description = action.description.format(
            hand=side,
            other=HANDS[1 - HANDS.index(side)],
            object=f"the {moved.said}",
            place=place if "{target}" in action.description else where or place,
            tool=tool,
            target=where,
        )
        return f"{text.strip().rstrip('.')}: {description}"

    def _action(self, words: list[str]) -> Action | None:
        """Return what is done: by the last word ("pull the drawer open"), else by the first that is a verb."""
        pairs = product([*words[-1:], *words], self.vocabulary.actions)
        return next((action for word, action in pairs if any(word in _forms(verb) for verb in action.words)), None)

    def _things(self, words: list[str]) -> Iterator[_Named]:
        """Yield the things that words name, in order; the longest name counts ("cutting board", not "board")."""
        names = [(name.split(), thing) for thing in self.vocabulary.things for name in thing.words]
        names.sort(key=lambda item: len(item[0]), reverse=True)
        index = 0
        while index < len(words):
            for name, thing in names:
                said = words[index : index + len(name)]
                if said[:-1] == name[:-1] and said and said[-1] in {name[-1], f"{name[-1]}s", f"{name[-1]}es"}:
                    before = [word for word in words[:index] if word not in ("the", "a", "an", "some")]
                    yield _Named(thing, " ".join(said), before[-1] if before else "")
                    index += len(name) - 1
                    break
            index += 1


def _forms(verb: str) -> set[str]:
    stem = verb[:-1] if verb.endswith("e") else verb
    return {verb, f"{verb}s", f"{verb}es", f"{stem}ing", f"{verb}{verb[-1]}ing", f"{stem}ed"}
