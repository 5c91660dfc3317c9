"""MediaPipe's hand detector, with the models of the installed wheel (no download)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..framing import Framing
from ..types import HandTracks
from .metric import MetricHands, metric_hands
from .networks.mediapipe_files import check_options
from .networks.native_logs import quiet_native_logs
from .sides import Detection, assign_sides


class MediaPipeHands:
    """Finds hands in the frames of a clip: the paper's keypoint detector H (Sec. 3.1.1).

    MediaPipe is loaded at the first frame, or by `start`. Close the detector, or use it in a `with` block, to free its
    threads.

    Args:
        min_confidence: Lowest confidence of a hand that counts, in (0, 1].
        max_hands: 1 or 2.
        upsample_to: Frames whose longer side is smaller are enlarged to this many pixels first; on our 128 px
            clips that finds 2 % more hands.
        tracking: Follow hands from frame to frame instead of searching each frame anew. It is about twice as
            fast, meant for long, smooth video; generated clips of 8 frames a second are searched frame by
            frame.
        model_complexity: MediaPipe's: 0 takes its lite models, 1 the full ones.

    Raises:
        InputError: For a value out of its range.

    Example:
        >>> with MediaPipeHands() as detector:
        ...     tracks = detector(frames)
    """

    def __init__(
        self,
        min_confidence: float = 0.3,
        max_hands: int = 2,
        upsample_to: int = 256,
        tracking: bool = False,
        model_complexity: int = 1,
    ) -> None:
        check_options(min_confidence, max_hands, model_complexity, upsample_to=upsample_to)
        self.min_confidence, self.max_hands, self.upsample_to = min_confidence, max_hands, upsample_to
        self.tracking, self.model_complexity = tracking, model_complexity
        self._graph: Any = None
        self._warm = False

    def __call__(self, frames: NDArray[np.uint8], progress: Callable[[int, int], None] | None = None) -> HandTracks:
        """Detect the hands of a clip.

        Args:
            frames: uint8 (t, h, w, 3), RGB, any size.
            progress: Called as `progress(frames_done, frames_in_all)` after each frame.

        Returns:
            Tracks of t frames, normalised by the frame's own width and height. Sides are the person's own:
            MediaPipe names them for mirrored images, ours are not; one vote over the clip decides each
            track's side.

        Raises:
            InputError: If `frames` has another shape or dtype.
        """
        clip, aspect = self._detections(frames, progress)
        return assign_sides(clip, aspect)

    def metric(self, frames: NDArray[np.uint8], progress: Callable[[int, int], None] | None = None) -> MetricHands:
        """Detect the hands of a clip as a call does, and give their shapes in metres, too.

        Args:
            frames: uint8 (t, h, w, 3), RGB, any size.
            progress: Called as `progress(frames_done, frames_in_all)` after each frame.

        Raises:
            InputError: If `frames` has another shape or dtype.
        """
        clip, aspect = self._detections(frames, progress)
        return metric_hands(clip, aspect)

    def _detections(
        self, frames: NDArray[np.uint8], progress: Callable[[int, int], None] | None
    ) -> tuple[list[list[Detection]], float]:
        """Return what is found in each frame, and the frames' width over height."""
        frames = np.asarray(frames)
        if frames.ndim != 4 or frames.shape[-1] != 3 or frames.dtype != np.uint8 or 0 in frames.shape:
            raise InputError(f"frames must be uint8 (t, h, w, 3), got {frames.dtype} {frames.shape}")
        if self.tracking and self._graph is not None:
            self._graph.reset()
        clip = []
        for i, frame in enumerate(frames):
            clip.append(self.detect(frame))
            if progress is not None:
                progress(i + 1, len(frames))
        return clip, frames.shape[2] / frames.shape[1]

    def detect(self, frame: NDArray[np.uint8]) -> list[Detection]:
        """Detect the hands of one frame, uint8 (h, w, 3), RGB; their sides are not settled yet."""
        box = Framing.enlarging(frame.shape[0], frame.shape[1], self.upsample_to)
        self.start()
        # To MediaPipe the first hand it finds is worth a notice, too.
        with nullcontext() if self._warm else quiet_native_logs():
            found = self._graph.process(box.fit(frame, black=True))
        self._warm = self._warm or bool(found.multi_hand_landmarks)
        parts = (found.multi_hand_landmarks, found.multi_hand_world_landmarks, found.multi_handedness)
        hands = zip(*(part or () for part in parts), strict=True)
        return [_detection(landmarks, world, handedness, box) for landmarks, world, handedness in hands]

    def start(self) -> None:
        """Load MediaPipe and its models now, not at the first frame; does nothing if they are loaded."""
        if self._graph is None:
            self._graph = _start(self.min_confidence, self.max_hands, self.tracking, self.model_complexity)

    def close(self) -> None:
        """Stop MediaPipe's threads; the detector starts them again if it is called again."""
        if self._graph is not None:
            self._graph.close()
            self._graph = None
            self._warm = False

    def __enter__(self) -> MediaPipeHands:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _start(min_confidence: float, max_hands: int, tracking: bool, model_complexity: int) -> Any:
    """Build MediaPipe's graph and run it once, so that its start-up notices fall into the quiet block."""
    with quiet_native_logs():
        from mediapipe.python.solutions.hands import Hands

        graph = Hands(
            static_image_mode=not tracking,
            max_num_hands=max_hands,
            model_complexity=model_complexity,
            min_detection_confidence=min_confidence,
            min_tracking_confidence=min_confidence,
        )
        graph.process(np.zeros((64, 64, 3), np.uint8))
    return graph


def _detection(landmarks: Any, world: Any, handedness: Any, box: Framing) -> Detection:
    joints = np.array([(point.x, point.y) for point in landmarks.landmark], np.float64)
    named = handedness.classification[0]
    score = float(np.clip(named.score, 0, 1))
    p_right = score if named.label == "Left" else 1 - score  # named as in a mirror
    shape = np.array([(point.x, point.y, point.z) for point in world.landmark], np.float32)
    return Detection(box.back_points(joints), p_right, score, shape)
