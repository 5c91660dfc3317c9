"""What a scene holds and how hands act in it, as data: the words that `VocabularyRewriter` expands instructions by."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from string import Formatter
from typing import Self

from ..errors import InputError

# What an action's description may name: `{object}` with its article, `{place}` with a space before it or empty,
# `{target}` with its preposition and a space before it or empty
SLOTS = ("hand", "other", "object", "place", "tool", "target")


@dataclass(frozen=True)
class Thing:
    """Something in a scene."""

    words: tuple[str, ...]  # What it is called, in small letters; an instruction may use any of them, in the plural too
    place: str = ""  # Where it is before the action, such as "on the cutting board"; "" if unknown


@dataclass(frozen=True)
class Action:
    """Something hands do; a description with another slot, or braces that are none, raises an `InputError`."""

    words: tuple[str, ...]  # Verbs, in the plain form
    description: str  # Who holds what where, with slots of `SLOTS` in braces
    tool: str = ""  # What the acting hand holds if the instruction does not say; "" if nothing

    def __post_init__(self) -> None:
        try:
            unknown = {name for _, name, _, _ in Formatter().parse(self.description) if name is not None} - set(SLOTS)
            if unknown:
                slots = ", ".join(SLOTS)
                raise InputError(f"action {self.words[0]!r} has the slot {sorted(unknown)[0]!r}; slots: {slots}")
            self.description.format(**dict.fromkeys(SLOTS, ""))
        except (ValueError, KeyError, IndexError, AttributeError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"action {self.words[0]!r} is described by {self.description!r}: {error}") from error


@dataclass(frozen=True)
class SceneVocabulary:
    """What instructions of a scene talk of."""

    things: tuple[Thing, ...]  # What there is
    actions: tuple[Action, ...]  # What is done; the first that has the instruction's verb counts

    def with_places(self, places: Mapping[str, str]) -> Self:
        """Return the vocabulary of a scene in which things stand in these places: `{"carrot": "on the cutting board"}`.

        A word that is not in the vocabulary becomes a thing of it.
        """
        moved, rest = [], dict(places)
        for thing in self.things:
            known = [word for word in thing.words if word in rest]
            moved.append(replace(thing, place=rest[known[0]]) if known else thing)
            for word in known:
                del rest[word]
        return replace(self, things=(*moved, *(Thing((word,), place) for word, place in rest.items())))

    @property
    def fingerprint(self) -> str:
        """16 hex digits that change with any word of it."""
        return hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()[:16]


def _things(*names: str, place: str = "") -> tuple[Thing, ...]:
    return tuple(Thing(tuple(word.strip() for word in name.split(",")), place) for name in names)


_FOOD = _things(
    *("carrot", "potato", "tomato", "onion", "cucumber", "pepper", "apple", "lemon", "banana", "cabbage", "lettuce"),
    *("garlic", "ginger", "mushroom", "courgette,zucchini", "aubergine,eggplant", "bread,loaf", "cheese", "meat"),
    *("chicken", "fish", "egg", "dough", "butter", "vegetable", "fruit", "herb"),
    place="on the cutting board",
)
_WARE = _things(
    *("plate,dish", "bowl", "mug,cup", "glass", "bottle", "jar", "can,tin", "box", "packet,bag", "container,tub"),
    *("pot,saucepan", "pan,frying pan", "lid", "tray", "kettle", "cutting board,chopping board,board", "tablecloth"),
    *("knife,cleaver", "spoon", "fork", "spatula", "ladle", "whisk", "peeler", "tongs", "grater", "scissors"),
    *("sponge", "cloth,towel,rag", "brush"),
    place="on the counter",
)
_CONTENTS = _things(
    "soup", "stew", "sauce", "rice", "pasta", "water", "batter", "milk", "oil", "salt", "sugar", "flour"
)
_FIXED = _things(
    *("drawer", "cupboard,cabinet", "fridge,refrigerator", "door", "oven", "microwave", "dishwasher", "bin"),
    *("stove,hob,cooker,burner", "knob,dial", "tap,faucet", "sink", "counter,worktop,surface,table", "spill,stain"),
)

# Kitchens in general; `with_places` makes it a scene's own
GENERAL_KITCHEN = SceneVocabulary(
    things=(*_FOOD, *_WARE, *_CONTENTS, *_FIXED),
    actions=(
        Action(
            ("cut", "chop", "slice", "dice", "divide"),
            "the {hand} hand holds the {tool} and cuts {object}{place}, the {other} hand holds it still",
            tool="knife",
        ),
        Action(("peel",), "the {other} hand holds {object}, the {hand} hand draws the {tool} along it", tool="peeler"),
        Action(
            ("stir", "mix", "whisk"), "the {hand} hand holds the {tool} and moves it in circles in {object}", "spoon"
        ),
        Action(
            ("wipe", "clean", "scrub", "mop"),
            "the {hand} hand holds the {tool} and moves it to and fro over {object}",
            tool="sponge",
        ),
        Action(("wash", "rinse"), "the {other} hand holds {object}, the {hand} hand rubs it under the tap"),
        Action(("pour",), "the {hand} hand lifts what holds {object} and tilts it, so that it runs{target}"),
        Action(
            ("put", "place", "drop", "set", "add", "move", "bring", "lay", "return"),
            "the {hand} hand takes {object}{place}, lifts it and puts it{target}",
        ),
        Action(("take", "pick", "lift", "grab", "get"), "the {hand} hand closes round {object}{place} and lifts it"),
        Action(("open",), "the {hand} hand takes {object} and pulls it open"),
        Action(("pull",), "the {hand} hand takes {object} and draws it near"),
        Action(("close", "shut"), "the {hand} hand lies flat on {object} and pushes it shut"),
        Action(("push", "slide", "shove"), "the {hand} hand lies against {object}{place} and pushes it away"),
        Action(("turn", "switch", "twist", "rotate"), "the fingers of the {hand} hand take {object} and turn it"),
        Action(("knead", "press"), "both hands lie on {object} and press it down"),
        Action(("break", "crack"), "both hands hold {object} and pull it apart"),
    ),
)
