"""What joins generator, policy and environments: one function for each thing that the commands do.

Each takes plain values, reports by a progress callback, and returns a result with `as_json` and, in words, `report`
(or `table`, in Markdown). Everything here is imported when it is first used.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "clips.annotate_dataset": ("AnnotationResult", "annotate_dataset", "read_dataset"),
    "clips.annotate_videos": ("VideosResult", "annotate_videos"),
    "clips.fingerprint": ("scenes_fingerprint",),
    "clips.render": ("RenderJob", "render_clips", "render_jobs"),
    "clips.rewrite": ("RewriteResult", "rewrite_texts"),
    "demo": ("DemoResult", "make_demonstration"),
    "describe": ("DatasetReport", "dataset_report", "draw_grid"),
    "doctor": ("Finding", "examine"),
    "episodes.attempts": ("GenerateSettings",),
    "episodes.generate": ("GenerationResult", "generate_episodes"),
    "policies.conditioning_ablation": ("ablate_conditioning",),
    "policies.conditioning_table": ("ConditioningAblation",),
    "policies.evaluate": ("PolicyReport", "evaluate_policy"),
    "policies.execute": ("ExecuteSettings", "ExecutionReport", "execute_demonstrations"),
    "policies.extract": ("ExtractionResult", "extract_tracks", "read_camera", "read_depth"),
    "policies.lifter": ("LifterReport", "evaluate_lifter", "train_lifter"),
    "policies.lifter_generated": ("GeneratedContacts", "evaluate_generated"),
    "policies.rollouts": ("EvaluateSettings",),
}
_MODULE_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = sorted(_MODULE_OF)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    """Import a public name from its module."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULE_OF[name]}"), name)


def __dir__() -> list[str]:
    return list(__all__)
