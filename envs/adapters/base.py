"""What the adapters share: another simulator's task, seen from a viewpoint of ours."""

from dataclasses import dataclass
from typing import Any

import mujoco

from ..task_env import TaskEnv
from ..view import View
from .viewpoint import Viewpoint


@dataclass(frozen=True)
class AdaptedTask:
    """How a person asks for a task of another simulator, and by what words it is recognised."""

    phrasings: tuple[str, ...]
    words: tuple[frozenset[str], ...]


class AdaptedEnv(TaskEnv):
    """Another simulator's environment behind the interface of `TaskEnv`; each adapter says how it moves its robot.

    `tasks` holds what the simulator scores, the default first; images are taken from `viewpoint`; `settings` are others
    of `TaskEnv`: camera_size, depth, horizon, render_mode.
    """

    def __init__(
        self, tasks: dict[str, AdaptedTask], viewpoint: Viewpoint, task: str | None = None, **settings: Any
    ) -> None:
        super().__init__(tasks, task, **settings)
        self._viewpoint = viewpoint

    def _draw_option(self) -> mujoco.MjvOption:
        """Return what is drawn; by default what MuJoCo draws, without sites."""
        option = mujoco.MjvOption()
        option.sitegroup[:] = 0
        return option

    def _new_view(self) -> View:
        model = self.mj_model
        limits = model.vis.global_
        limits.offwidth, limits.offheight = max(limits.offwidth, self._size), max(limits.offheight, self._size)
        model.vis.quality.shadowsize = 0  # shadows and many samples cost most of the time where there is no GPU
        model.vis.quality.offsamples = min(model.vis.quality.offsamples, 4)
        return View(self._viewpoint.apply(model), self._size, self._draw_option())

    def _camera(self) -> dict[str, Any]:
        return self._viewpoint.parameters(self._size)
