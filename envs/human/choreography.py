"""The choreography of every task, by the task's name."""

from collections.abc import Callable

from ..errors import unknown_option
from .acts.carry import carrot_to_pot, mug_to_plate
from .acts.cut import cut_carrot
from .acts.drawer import close_drawer, open_drawer
from .acts.plate import push_plate
from .acts.stir import stir_pot
from .acts.stove import turn_on_stove
from .acts.wipe import wipe_counter
from .plan import Plan, Stage

_ACTS: tuple[Callable[[Stage], Plan], ...] = (
    *(cut_carrot, carrot_to_pot, open_drawer, close_drawer, turn_on_stove, mug_to_plate, push_plate),
    *(wipe_counter, stir_pot),
)
CHOREOGRAPHIES = {act.__name__: act for act in _ACTS}


def choreograph(task: str, stage: Stage) -> Plan:
    """Plan a performance of a task in a scene; a task without a choreography raises an `EnvsError`."""
    if task not in CHOREOGRAPHIES:
        raise unknown_option("task", task, CHOREOGRAPHIES)
    return CHOREOGRAPHIES[task](stage)
