"""The kitchen's tasks: a sentence each, what it moves, and when it is done; and free text matched to them."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ..errors import unknown_option
from ..wording import TaskMatch, match_wording, word_groups
from .scene.scene import KitchenScene
from .state import KitchenState

Predicate = Callable[[KitchenState, KitchenScene], bool]


@dataclass(frozen=True)
class Task:
    """One task of the kitchen."""

    name: str  # Key in `TASKS`
    sentence: str  # How a person asks for it
    paraphrases: tuple[str, ...]  # Other ways of asking; part of the training text
    held_out_paraphrases: tuple[str, ...]  # Ways of asking that no training clip carries
    moved: tuple[str, ...]  # Names of the objects that the task moves, the main one first
    success: Predicate  # True when the physical state says that the task is done
    # Groups of words; a text matches the task when it has a word of every group
    words: tuple[frozenset[str], ...] = field(repr=False)

    @property
    def texts(self) -> tuple[str, ...]:
        """The sentence and the paraphrases that training clips carry."""
        return (self.sentence, *self.paraphrases)

    @property
    def phrasings(self) -> tuple[str, ...]:
        """All sentences that ask for it."""
        return (*self.texts, *self.held_out_paraphrases)


def _carrot_in_pot(state: KitchenState, scene: KitchenScene) -> bool:
    """Carrot's centre inside the pot's wall, below its rim."""
    offset = state.carrot_pos_world_m.mean(axis=0) - state.position("pot")
    inside = np.hypot(offset[0], offset[1]) <= scene.sizes["pot_radius"]
    return bool(inside and 0.0 <= offset[2] <= scene.sizes["pot_height"] + 0.01)


def _mug_on_plate(state: KitchenState, scene: KitchenScene) -> bool:
    """Mug upright, its axis within 60 % of the plate's radius, its bottom on the plate."""
    offset = state.position("mug") - state.position("plate")
    over = np.hypot(offset[0], offset[1]) <= 0.6 * scene.sizes["plate_radius"]
    gap = offset[2] - scene.sizes["mug_height"] / 2 - scene.sizes["plate_thickness"]
    return bool(over and abs(gap) <= 0.012 and state.upright("mug") > 0.95)


def _plate_pushed(state: KitchenState, scene: KitchenScene) -> bool:
    """Plate moved at least 6 cm away from the person, still flat on the counter."""
    start = np.array(scene.objects["plate"].position)
    moved = state.position("plate") - start
    return bool(moved[0] >= 0.06 and abs(moved[2]) <= 0.02 and state.upright("plate") > 0.95)


_PUT = "put place drop set move transfer add bring lay lift pick carry stand"
_ALL = (
    Task(
        "cut_carrot",
        "cut the carrot",
        ("cut carrot", "chop the carrot", "cut the carrot with the knife", "cut the carrot into pieces"),
        ("slice the carrot", "chop up the carrot"),
        ("carrot", "knife"),
        lambda state, scene: "carrot" in scene.objects and bool(state.carrot_parted.any()),
        word_groups("cut chop slice dice divide part", "carrot vegetable"),
    ),
    Task(
        "carrot_to_pot",
        "put the carrot in the pot",
        (
            "put carrot in pot",
            "place the carrot into the pot",
            "drop the carrot in the pot",
            "add the carrot to the pot",
        ),
        ("move the carrot into the pot", "toss the carrot in the pot"),
        ("carrot",),
        _carrot_in_pot,
        word_groups(_PUT + " toss throw", "carrot vegetable", "pot pan saucepan"),
    ),
    Task(
        "open_drawer",
        "open the drawer",
        ("open drawer", "pull the drawer open", "pull out the drawer"),
        ("slide the drawer open", "pull open the drawer"),
        ("drawer",),
        lambda state, scene: state.drawer_slide_m >= 0.08,
        word_groups("open pull", "drawer"),
    ),
    Task(
        "close_drawer",
        "close the drawer",
        ("close drawer", "push the drawer shut", "shut the drawer"),
        ("push the drawer closed", "slide the drawer shut"),
        ("drawer",),
        lambda state, scene: state.drawer_slide_m <= 0.012,
        word_groups("close shut closed push", "drawer"),
    ),
    Task(
        "turn_on_stove",
        "turn on the stove",
        ("turn on stove", "switch the stove on", "turn the stove knob", "turn on the burner"),
        ("switch on the stove", "turn the knob of the stove"),
        ("knob",),
        lambda state, scene: state.knob_angle_rad >= 1.2,
        word_groups("turn switch light start rotate twist", "stove knob burner cooker hob dial"),
    ),
    Task(
        "mug_to_plate",
        "put the mug on the plate",
        ("put mug on plate", "place the mug on the plate", "set the mug on the plate", "put the cup on the plate"),
        ("move the mug onto the plate", "stand the mug on the plate"),
        ("mug",),
        _mug_on_plate,
        word_groups(_PUT, "mug cup", "plate dish"),
    ),
    Task(
        "push_plate",
        "push the plate",
        ("push plate", "push the plate away", "push the plate forward", "slide the plate away"),
        ("shove the plate forward", "slide the plate forward"),
        ("plate",),
        _plate_pushed,
        word_groups("push slide shove nudge", "plate dish"),
    ),
    Task(
        "wipe_counter",
        "wipe the counter",
        ("wipe counter", "wipe the counter with the sponge", "clean the counter", "wipe up the spill"),
        ("scrub the counter", "clean the counter with the sponge"),
        ("sponge",),
        lambda state, scene: bool(state.stains_wiped.mean() >= 0.75),
        word_groups("wipe clean scrub mop", "counter table spill stain surface worktop sponge"),
    ),
    Task(
        "stir_pot",
        "stir the pot",
        ("stir pot", "stir the soup", "stir the pot with the spoon", "stir the soup in the pot"),
        ("mix the soup", "give the pot a stir"),
        ("spoon",),
        lambda state, scene: abs(state.stirred_rad) >= 2 * np.pi,
        word_groups("stir mix", "pot soup spoon stew"),
    ),
)

TASKS: dict[str, Task] = {task.name: task for task in _ALL}


def match_task(text: str) -> TaskMatch:
    """Map a free text to the task of the kitchen whose words it has (see `wording.match_wording`)."""
    return match_wording(text, TASKS)


def get_task(name: str) -> Task:
    """Return the task called `name`, or raise an `EnvsError` that lists them."""
    if name not in TASKS:
        raise unknown_option("task", name, TASKS)
    return TASKS[name]
