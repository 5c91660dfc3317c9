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
    """The environment."""

    name: str = KITCHEN  # a key of `ENVIRONMENTS`
    camera_size: int = 128  # side of the image that demonstrations start from, px
    horizon: int = 160  # steps until truncation
    options: dict[str, Any] = field(default_factory=dict)  # more arguments for `gymnasium.make`


@dataclass(frozen=True, kw_only=True)
class ReinforcementRun:
    """One training by reinforcement."""

    policy: ReinforcementSettings
    environment: EnvironmentSettings
    task: str  # in words
    output: Path
    demonstrations: str = "generated"  # one of `SOURCES`
    weights: str = "nano"  # of the generator
    cache: Path | None = None  # folder of demonstrations; in `output` if None
    resume: bool = False  # from the checkpoint in `output`

    def make_env(self) -> MakeEnv:
        """Return what makes the environment, here and in other processes (an error if it is unknown or missing)."""
        settings = self.environment
        check_environment(settings.name)
        sizes = {"camera_size": settings.camera_size, "horizon": settings.horizon}
        return partial(_make, ENVIRONMENTS[settings.name], {"task": self.task, **sizes, **settings.options})

    def source(self) -> DemonstrationSource | None:
        """Return where demonstrations come from (`InputError` if the name is unknown, or there is no "truth")."""
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
    """A source of demonstrations: the rendered demonstrator acts the kitchen's task, seen by MediaPipe and lifted."""

    def __init__(self, task: str, size: int) -> None:
        self.task, self.size = task, size

    @property
    def fingerprint(self) -> dict[str, Any]:
        """What decides the demonstrations."""
        own = {"source": "truth", "task": self.task, "size": self.size}
        return {**own, "envs": scenes_fingerprint(), "lifter": self._lifter.provenance}

    def __call__(
        self, frame: NDArray[np.uint8], text: str, seed: int, camera: Camera, depth: NDArray[np.floating] | None = None
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
