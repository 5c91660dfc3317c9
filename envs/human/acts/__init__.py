"""One choreography for every task of the kitchen, by the task's name."""

from collections.abc import Callable

from ...errors import unknown_option
from ..plan import Plan, Stage
from .carry import carrot_to_pot, mug_to_plate
from .counter import push_plate, wipe_counter
from .fixtures import close_drawer, open_drawer, turn_on_stove
from .tools import cut_carrot, stir_pot

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
