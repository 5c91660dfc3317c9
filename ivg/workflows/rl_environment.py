"""What a policy that learns by reinforcement is trained in: the environment, and its demonstrations."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gymnasium

from ..envs.kitchen.tasks import match_task
from ..errors import ConfigError, InputError, unknown_option
from .clips.fingerprint import scenes_fingerprint
from .demo.context import ENVIRONMENTS, KITCHEN, check_environment
from .episodes.attempts import GenerateJob, GenerateSettings, demonstrations

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..policy.conditioning.sources import DemonstrationSource
    from ..policy.extraction import ExtractedDemonstration
    from ..policy.hands3d.lifting import HandLifter
    from ..policy.rl.environment import MakeEnv
    from ..policy.rl.settings import ReinforcementSettings
    from ..types import Camera

SOURCES = ("generated", "truth", "none")


@dataclass(kw_only=True)
class EnvironmentSettings:
    """The environment.

    Attributes:
        name: A key of `ENVIRONMENTS`.
        camera_size: Side of the image that demonstrations start from, px.
        horizon: Steps until truncation.
        options: More arguments for `gymnasium.make`.
    """

    name: str = KITCHEN
    camera_size: int = 128
    horizon: int = 160
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ReinforcementRun:
    """One training by reinforcement.

    Attributes:
        policy: How the policy is trained.
        environment: Where.
        task: In words.
        output: Folder of the run.
        demonstrations: One of `SOURCES`.
        weights: Of the generator.
        cache: Folder of demonstrations; in `output` if None.
        resume: Whether to go on from the checkpoint in `output`.
    """

    policy: ReinforcementSettings
    environment: EnvironmentSettings
    task: str
    output: Path
    demonstrations: str = "generated"
    weights: str = "nano"
    cache: Path | None = None
    resume: bool = False

    def make_env(self) -> MakeEnv:
        """Return what makes the environment; other processes can be given it.

        Raises:
            InputError: If there is no such environment.
            EnvsError: If it is not installed.
        """
        settings = self.environment
        check_environment(settings.name)
        sizes = {"camera_size": settings.camera_size, "horizon": settings.horizon}
        return partial(_make, ENVIRONMENTS[settings.name], {"task": self.task, **sizes, **settings.options})

    def source(self) -> DemonstrationSource | None:
        """Return where demonstrations come from.

        Raises:
            InputError: If the name is unknown, or "truth" is asked for where there is none.
        """
        from ..policy.conditioning.sources import GeneratedDemonstrations

        if self.demonstrations not in SOURCES:
            raise unknown_option("demonstrations", self.demonstrations, SOURCES)
        if self.demonstrations == "generated":
            return GeneratedDemonstrations(self.weights)
        if self.demonstrations == "none":
            return None
        found, name = match_task(self.task).task, self.environment.name
        if name != KITCHEN or found is None:
            raise InputError(
                f"the demonstrator acts the kitchen's tasks only, not '{self.task}' in {name}: "
                "use demonstrations=generated"
            )
        return RenderedDemonstrations(found, self.environment.camera_size)


def _make(env_id: str, options: dict[str, Any]) -> gymnasium.Env[Any, Any]:
    try:
        return gymnasium.make(f"ivg.envs:{env_id}", render_mode="rgb_array", disable_env_checker=True, **options)
    except TypeError as error:
        raise ConfigError(f"{env_id} does not take these options: {error}") from error


class RenderedDemonstrations:
    """A source of demonstrations: the rendered demonstrator acts the task in the scene, seen by MediaPipe and lifted.

    Args:
        task: A key of the kitchen's `TASKS`.
        size: Side of the images, px.
    """

    def __init__(self, task: str, size: int) -> None:
        self.task, self.size = task, size

    @property
    def fingerprint(self) -> dict[str, Any]:
        """What decides the demonstrations."""
        own = {"source": "truth", "task": self.task, "size": self.size}
        return {**own, "envs": scenes_fingerprint(), "lifter": self._lifter.provenance}

    def __call__(
        self,
        frame: NDArray[np.uint8],
        text: str,
        seed: int,
        camera: Camera,
        depth: NDArray[np.floating] | None = None,
    ) -> ExtractedDemonstration | None:
        """Return the demonstration in the scene with this seed; None where no hand is found in it."""
        from ..policy.extraction import NoHandError, extract

        demonstration = self._demonstrator(GenerateJob(0, self.task, seed))(frame, text, seed)
        try:
            return extract(demonstration, camera, self._lifter, depth=depth)
        except NoHandError:
            return None

    @cached_property
    def _demonstrator(self) -> Any:
        return demonstrations(GenerateSettings(KITCHEN, (self.task,), size=self.size, source="truth"))

    @cached_property
    def _lifter(self) -> HandLifter:
        from ..policy.hands3d.lifting import HandLifter

        return HandLifter.from_pretrained("kitchen")
