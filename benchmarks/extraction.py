"""Hand extraction: frames a second of our detectors beside `mediapipe.solutions.hands` used plainly; their agreement.

    python benchmarks/extraction.py [--clips 6] [--repeats 3] [--threads 1]

All run on the same rendered clips, in turn, `repeats` times in one process; printed is the median of the ratios with
their spread. `mediapipe.solutions.hands` gets the frames as they are, one by one, in its mode for single pictures.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from ivg.envs.human import HumanDemonstrator
from ivg.envs.kitchen.tasks import TASKS
from ivg.hands import MediaPipeHands
from ivg.hands.batched_detector import BatchedHands

Frames = NDArray[np.uint8]


def main() -> None:
    """Print frames a second, ratios and agreement."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=6)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1, help="threads of torch; MediaPipe chooses its own")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    frames = _clips(options.clips)
    detectors: dict[str, Callable[[Frames], object]] = {
        "mediapipe.solutions.hands": _plain_mediapipe(),
        "MediaPipeHands": MediaPipeHands(),
        "BatchedHands fp32": BatchedHands(),
        "BatchedHands bf16": BatchedHands(dtype=torch.bfloat16),
    }
    seconds = {
        name: [_seconds(detector, frames) for _ in range(options.repeats)] for name, detector in detectors.items()
    }
    plain = np.array(seconds["mediapipe.solutions.hands"])
    print(
        f"{len(frames)} clips of 16 frames, 128 px; {options.repeats} repeats, torch with {options.threads} thread(s)"
    )
    print(f"{'detector':28} {'frames/s':>9} {'ratio':>6}  spread of the ratio")
    for name, taken in seconds.items():
        ratio = plain / np.array(taken)
        rate = 16 * len(frames) / np.median(taken)
        print(f"{name:28} {rate:9.1f} {np.median(ratio):6.2f}  {ratio.min():.2f} to {ratio.max():.2f}")
    for name in ("BatchedHands fp32", "BatchedHands bf16"):
        _print_agreement(name, detectors[name], detectors["MediaPipeHands"], frames)


def _clips(count: int) -> list[Frames]:
    demonstrator = HumanDemonstrator(128)
    names = list(TASKS)
    clips = [demonstrator.render(names[i % len(names)], 40 + i).frames for i in range(count)]
    demonstrator.close()
    return clips


def _plain_mediapipe() -> Callable[[Frames], object]:
    from mediapipe.python.solutions.hands import Hands

    graph = Hands(static_image_mode=True, max_num_hands=2, min_detection_confidence=0.3)
    return lambda frames: [graph.process(np.ascontiguousarray(frame)) for frame in frames]


def _seconds(detector: Callable[[Frames], object], clips: list[Frames]) -> float:
    detector(clips[0])
    began = time.perf_counter()
    for frames in clips:
        detector(frames)
    return time.perf_counter() - began


def _print_agreement(name: str, ours: object, theirs: object, clips: list[Frames]) -> None:
    """Print on how many hands two detectors agree, and the median distance of their joints in hand lengths."""
    errors: list[float] = []
    both = either = 0
    for frames in clips:
        a, b = ours(frames), theirs(frames)  # type: ignore[operator]
        common = a.present & b.present
        both, either = both + int(common.sum()), either + int((a.present | b.present).sum())
        distance = np.linalg.norm(a.keypoints[common] - b.keypoints[common], axis=-1).mean(-1)
        errors += (distance / np.linalg.norm(b.keypoints[common][:, 12] - b.keypoints[common][:, 0], axis=-1)).tolist()
    print(
        f"{name} and MediaPipeHands: {both} of {either} hands in common, joints {100 * np.median(errors):.2f} % of the "
        f"hand's length apart (median; 90 %: {100 * np.quantile(errors, 0.9):.2f} %)"
    )


if __name__ == "__main__":
    main()
