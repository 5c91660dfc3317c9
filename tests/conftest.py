"""What all tests share: offscreen OpenGL chosen before MuJoCo is imported, few threads, the `gpu` marker."""

from __future__ import annotations

import os

import pytest

os.environ.setdefault("GLOG_minloglevel", "2")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("HYDRA_FULL_ERROR", "1")

from ivg.envs.rendering import choose_gl

choose_gl()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leaves out tests that need a GPU where there is none."""
    wanted = [item for item in items if item.get_closest_marker("gpu")]
    if not wanted:
        return
    import torch

    if not torch.cuda.is_available():
        for item in wanted:
            item.add_marker(pytest.mark.skip(reason="no CUDA device"))
