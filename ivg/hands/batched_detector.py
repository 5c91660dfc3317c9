"""The hand detector for many frames at a time: MediaPipe's two networks without its graph."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import InputError, unknown_option
from ..framing import Framing
from ..types import JOINTS, HandTracks
from .crop import HandCrop
from .networks.hand_network import HandLandmarkNetwork
from .networks.litert_network import LiteRTNetwork
from .networks.mediapipe_files import check_options
from .networks.palm_network import PalmNetwork, best_palms, crops_of_palms
from .sides import Detection, assign_sides
from .tracking import SeenHand, found_in_clip

ENGINES = ("litert", "torch")
"""What can run the networks."""


class BatchedHands:
    """Finds hands in the frames of a clip as `MediaPipeHands` does without tracking, frames side by side.

    On a CPU in single precision the networks are run by LiteRT, otherwise in torch. With `search_every` above 1 palms
    are looked for in every nth frame only, and hands followed from there both ways (`ivg.hands.tracking`), which takes
    half the time.

    Args:
        min_confidence: Lowest confidence of a palm, and of a hand in its crop, that counts, in (0, 1].
        max_hands: 1 or 2.
        upsample_to: Frames whose longer side is smaller are enlarged to this many pixels first.
        batch_size: Frames that go through the networks together.
        device: Where the networks run.
        dtype: Precision of the networks.
        engine: "litert" or "torch" runs the networks there; None chooses.
        search_every: Palms are looked for in every nth frame; 1 follows no hand, and takes each frame by itself.
        model_complexity: As of `mediapipe.solutions.hands`: 0 takes MediaPipe's lite models, 1 the full ones.

    Raises:
        InputError: For a value out of its range.
        WeightsError: If the installed mediapipe does not carry the models.
    """

    def __init__(
        self,
        min_confidence: float = 0.3,
        max_hands: int = 2,
        upsample_to: int = 256,
        batch_size: int = 16,
        device: str | torch.device = "cpu",
        dtype: torch.dtype = torch.float32,
        engine: str | None = None,
        search_every: int = 1,
        model_complexity: int = 1,
    ) -> None:
        positive = {"upsample_to": upsample_to, "batch_size": batch_size, "search_every": search_every}
        check_options(min_confidence, max_hands, model_complexity, **positive)
        self.min_confidence, self.max_hands, self.upsample_to = min_confidence, max_hands, upsample_to
        self.batch_size, self.search_every = batch_size, search_every
        self._device = torch.device(device)
        fits = self._device.type == "cpu" and dtype == torch.float32
        self.engine = engine or ("litert" if fits else "torch")
        if self.engine not in ENGINES:
            raise unknown_option("engine", self.engine, ENGINES)
        if self.engine == "litert" and not fits:
            raise InputError(f"the engine litert is for the cpu in float32, got {self._device} and {dtype}")
        threads = torch.get_num_threads() if self.engine == "litert" else None
        self._palms = PalmNetwork(None, threads, model_complexity).to(self._device, dtype)
        self._landmarks = HandLandmarkNetwork(None, threads, model_complexity).to(self._device, dtype)

    def close(self) -> None:
        """Stop LiteRT's threads; a detector that is closed cannot be called again."""
        for network in (self._palms.network, self._landmarks.network):
            if isinstance(network, LiteRTNetwork):
                network.close()

    @torch.inference_mode()
    def __call__(self, frames: NDArray[np.uint8], progress: Callable[[int, int], None] | None = None) -> HandTracks:
        """Detect the hands of a clip.

        Args:
            frames: uint8 (t, h, w, 3), RGB, any size.
            progress: Called as `progress(frames_done, frames_in_all)` after each batch.

        Returns:
            Tracks of t frames, as `MediaPipeHands` gives them.

        Raises:
            InputError: If `frames` has another shape or dtype.
        """
        frames = np.asarray(frames)
        if frames.ndim != 4 or frames.shape[-1] != 3 or frames.dtype != np.uint8 or 0 in frames.shape:
            raise InputError(f"frames must be uint8 (t, h, w, 3), got {frames.dtype} {frames.shape}")
        height, width = frames.shape[1:3]
        box = Framing.enlarging(height, width, self.upsample_to)
        found: list[list[Detection]] = []
        seen: dict[bytes, list[Detection]] = {}  # a frame that shows the context again is not looked at again
        for first in range(0, len(frames), self.batch_size):
            batch = np.ascontiguousarray(frames[first : first + self.batch_size])
            keys = [hashlib.blake2b(frame, digest_size=16).digest() for frame in batch]
            new = {key: first + i for i, key in enumerate(keys) if key not in seen}
            if new:
                batch = np.stack([box.fit(frames[index], black=True) for index in new.values()])
                seen.update(zip(new, self._detect(batch, box), strict=True))
            found += [seen[key] for key in keys]
            if progress is not None:
                progress(len(found), len(frames))
        return assign_sides(found, width / height)

    def _detect(self, batch: NDArray[np.uint8], box: Framing) -> list[list[Detection]]:
        """Detect the hands in square images (n, s, s, 3)."""
        images = torch.from_numpy(batch).to(self._device).permute(0, 3, 1, 2)
        hands = found_in_clip(
            len(images),
            self.search_every,
            lambda frames: self._search(images, frames),
            lambda frames, crops: self._look(images, frames, crops),
        )
        return [[_detection(hand, batch.shape[1], box) for hand in seen] for seen in hands]

    def _search(self, images: Tensor, frames: list[int]) -> list[list[SeenHand]]:
        """Look for palms in some of the images, and for the hands at them."""
        palms, size = self._palms(images, frames), images.shape[-1]
        boxes, keypoints, owners = [], [], []
        for row, frame in enumerate(frames):
            _, box, points = best_palms(palms, row, self.min_confidence, self.max_hands)
            boxes.append(box)
            keypoints.append(points)
            owners += [frame] * len(box)
        seen = self._look(images, owners, crops_of_palms(torch.cat(boxes), torch.cat(keypoints), size))
        by_frame: dict[int, list[SeenHand]] = {frame: [] for frame in frames}
        for owner, hand in zip(owners, seen, strict=True):
            if hand is not None:
                by_frame[owner].append(hand)
        return list(by_frame.values())

    def _look(self, images: Tensor, owners: list[int], crops: HandCrop) -> list[SeenHand | None]:
        """Return the hand in each of the crops, which lie in the images `owners`; None where there is none."""
        if not owners:
            return []
        seen = self._landmarks(images, crops, owners)
        rows = zip(seen.joints, seen.presence.tolist(), seen.p_right.tolist(), strict=True)
        return [SeenHand(*row) if row[1] >= self.min_confidence else None for row in rows]


def _detection(hand: SeenHand, size: int, box: Framing) -> Detection:
    """Return a hand in the frame, seen in its square image of `size` pixels."""
    points = hand.joints.cpu().numpy().astype(np.float64) / size
    return Detection(box.back_points(points), hand.p_right, max(hand.p_right, 1 - hand.p_right))


def hands_where_changed(detector: Callable[[NDArray[np.uint8]], HandTracks], clip: NDArray[np.uint8]) -> HandTracks:
    """Find hands in a clip (t, h, w, 3), but not in frames that repeat the first one: the context shows no hand."""
    changed = (clip != clip[0]).any((1, 2, 3))
    tracks = HandTracks(
        np.full((len(clip), 2, JOINTS, 2), np.nan, np.float32),
        np.zeros((len(clip), 2), bool),
        np.zeros((len(clip), 2), np.float32),
    )
    if changed.any():
        found = detector(clip[changed])
        for name, values in vars(tracks).items():
            values[changed] = getattr(found, name)
    return tracks
