"""Many trials in several processes, their outcomes kept as they come, so that a run that was stopped goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from ..cli.shared.command import check_can_be_folder
from ..errors import IvgError

if TYPE_CHECKING:
    from ..policy.evaluation import Outcome

ALL_CRASHED = 8
"""After so many crashes, and nothing else, there is no point in going on."""


class Trial(Protocol):
    """What is tried: it knows what its outcome is kept under, and how to write one."""

    @property
    def key(self) -> tuple[str, str, str, int]:
        """As `Outcome.key`."""

    def outcome(self, reason: str, detail: str = "") -> Outcome:
        """Return what came of it."""


AnyTrial = TypeVar("AnyTrial", bound=Trial)


def try_all(
    work: Callable[[AnyTrial], Outcome],
    jobs: Sequence[AnyTrial],
    log: Path,
    *,
    start: Callable[..., None],
    settings: Any,
    workers: int,
    noun: str,
) -> list[Outcome]:
    """Do what is not in the log yet; return the outcomes of all jobs, in their order.

    Args:
        work: Does one job, in a process of its own.
        jobs: All of them.
        log: File of outcomes; see `OutcomeLog`.
        start: Prepares a process, called with the settings.
        settings: What every process needs to know.
        workers: Processes.
        noun: What a job is called.

    Raises:
        IvgError: If all that is tried crashes, or the file's folder cannot be one.
    """
    from tqdm import tqdm

    from ..jobs.processes import CRASHED, run_jobs
    from ..policy.evaluation import OutcomeLog

    check_can_be_folder("out", log.parent)
    file = OutcomeLog(log)
    known = {outcome.key: outcome for outcome in file.read()}
    todo = [job for job in jobs if job.key not in known]
    results = run_jobs(work, todo, workers=workers, start=start, arguments=(settings,))
    crashed = 0
    with tqdm(total=len(jobs), initial=len(jobs) - len(todo), desc=f"{noun}s", unit=noun, mininterval=1) as bar:
        for place, result in results:
            outcome = todo[place].outcome("crashed", "its process died") if result is CRASHED else result
            crashed = crashed + 1 if outcome.reason == "crashed" else -len(jobs)
            if crashed >= ALL_CRASHED:
                raise IvgError(f"the first {crashed} {noun}s all crashed; the last one: {outcome.detail}")
            known[outcome.key] = outcome
            file.add([outcome])
            bar.set_postfix(done=sum(one.success for one in known.values()), refresh=False)
            bar.update()
    return [known[job.key] for job in jobs]
