"""Judging generators: figures on held-out scenes, the paper's table, its ablation.

`evaluate_generator` judges a generator's clips, `ablate` trains and judges the paper's ablation, `fetch_networks` puts
the networks of FID, FVD, LPIPS, CLIP and BLIP where these find them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .ablation import AblationResult, ablate
    from .generator import EvaluationResult, evaluate_generator
    from .network_figures import fetch_networks

__all__ = ["AblationResult", "EvaluationResult", "ablate", "evaluate_generator", "fetch_networks"]

_MODULES = {
    "AblationResult": "ablation",
    "EvaluationResult": "generator",
    "ablate": "ablation",
    "evaluate_generator": "generator",
    "fetch_networks": "network_figures",
}


def __getattr__(name: str) -> object:
    """Load what is asked for, so that importing the package loads neither torch nor MuJoCo."""
    from importlib import import_module

    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULES[name]}", __name__), name)
