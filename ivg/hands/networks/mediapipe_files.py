"""Where the installed mediapipe package keeps its model files."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from ...errors import InputError, WeightsError


def mediapipe_file(name: str) -> Path:
    """Return the path of a file of the installed mediapipe package, without importing the package.

    Args:
        name: Path inside the package, such as "modules/hand_landmark/hand_landmark_full.tflite".

    Raises:
        WeightsError: If the package is not installed, or carries no such file.
    """
    found = importlib.util.find_spec("mediapipe")
    if found is None or not found.submodule_search_locations:
        raise WeightsError("the package mediapipe, which carries the hand models, is not installed")
    path = Path(found.submodule_search_locations[0]) / name
    if not path.is_file():
        raise WeightsError(f"the installed mediapipe carries no {name}; versions from 0.10.14 to 0.10.21 do")
    return path


def check_complexity(model_complexity: int) -> None:
    """Refuse what is not one of MediaPipe's models.

    Raises:
        InputError: If it is neither 0 (lite) nor 1 (full).
    """
    if model_complexity not in (0, 1):
        raise InputError(f"model_complexity must be 0 (MediaPipe's lite models) or 1 (full), got {model_complexity}")
