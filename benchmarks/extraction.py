"""Hand extraction: frames a second of our detectors beside `mediapipe.solutions.hands` used plainly, and how right.

    python benchmarks/extraction.py [--clips 6] [--repeats 5] [--threads 2] [--table docs/speed.md]

All run on the same rendered clips, in turn, `repeats` times in one process; printed is the median of the ratios with
their spread. `mediapipe.solutions.hands` gets the frames as they are, one by one, in its mode for single images
(which is what the ratios refer to) and in its mode for videos ("following").
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from report import parser, report, spread, time_alternately

from ivg.envs.human import HumanClip, HumanDemonstrator
from ivg.envs.kitchen.tasks import TASKS
from ivg.hands import MediaPipeHands
from ivg.hands.batched_detector import BatchedHands
from ivg.training.device import bf16_pays

Frames = NDArray[np.uint8]


def main() -> None:
    """Print frames a second, ratios and agreement."""
    made = parser(__doc__, "extraction")
    made.add_argument("--clips", type=int, default=6)
    options = made.parse_args()
    torch.set_num_threads(options.threads)
    clips = _clips(options.clips)
    frames = [clip.frames for clip in clips]
    detectors: dict[str, Callable[[Frames], object]] = {
        "mediapipe.solutions.hands": _plain_mediapipe(),
        "mediapipe.solutions.hands, following": _plain_mediapipe(following=True),
        "MediaPipeHands": MediaPipeHands(),
        "BatchedHands, LiteRT": BatchedHands(),
        "BatchedHands, LiteRT, following (search_every=4)": BatchedHands(search_every=4),
        "BatchedHands, LiteRT, following, lite (search_every=8, model_complexity=0)": BatchedHands(
            search_every=8, model_complexity=0
        ),
        "BatchedHands, torch fp32": BatchedHands(engine="torch"),
        "BatchedHands, torch bf16": BatchedHands(dtype=torch.bfloat16),
    }
    if not bf16_pays("cpu"):
        del detectors["BatchedHands, torch bf16"]
    variants = {
        name: lambda detector=detector: [detector(clip) for clip in frames] for name, detector in detectors.items()
    }
    seconds = time_alternately(variants, options.repeats)
    plain = seconds["mediapipe.solutions.hands"]
    rows = [
        [f"`{name}`", f"{16 * len(frames) / np.median(taken):.0f}", spread(plain / taken)]
        for name, taken in seconds.items()
    ]
    note = (
        f"{len(frames)} clips of 16 frames, 128 px; {options.repeats} rounds, {options.threads} thread(s) of torch and "
        "LiteRT. MediaPipe's graph chooses its own, and uses one."
    )
    report("extraction", ["detector", "frames a second", "times plain MediaPipe"], rows, note, options.table)
    for name in list(detectors)[3:]:
        _print_agreement(name, detectors[name], detectors["MediaPipeHands"], frames)
    for name in list(detectors)[2:]:
        _print_errors(name, detectors[name], clips)


def _clips(count: int) -> list[HumanClip]:
    demonstrator = HumanDemonstrator(128)
    names = list(TASKS)
    clips = [demonstrator.render(names[i % len(names)], 40 + i) for i in range(count)]
    demonstrator.close()
    return clips


def _plain_mediapipe(following: bool = False) -> Callable[[Frames], object]:
    from mediapipe.python.solutions.hands import Hands

    graph = Hands(static_image_mode=not following, max_num_hands=2, min_detection_confidence=0.3)
    return lambda frames: [graph.process(np.ascontiguousarray(frame)) for frame in frames]


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


def _print_errors(name: str, detector: Any, clips: list[HumanClip]) -> None:
    """Print how many of the hands in the images a detector finds, and how far its joints lie from the truth."""
    errors: list[float] = []
    wanted = 0
    for clip in clips:
        found, shown = detector(clip.frames), np.isfinite(clip.keypoints).all((-1, -2))
        both, wanted = found.present & shown, wanted + int(shown.sum())
        difference = (found.keypoints[both] - clip.keypoints[both]) * clip.frames.shape[1]
        errors += np.linalg.norm(difference, axis=-1).mean(-1).tolist()
    print(
        f"{name}: {len(errors)} of {wanted} hands, joints {np.median(errors):.2f} px from the truth (median; 90 %: "
        f"{np.quantile(errors, 0.9):.2f})"
    )


if __name__ == "__main__":
    main()
