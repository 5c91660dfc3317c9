"""Following hands from frame to frame, so that palms need not be looked for in each.

As MediaPipe's own graph does in a video: where a hand was seen, the next frame is looked at in a square around it, and
palms are looked for only where it is lost. Here the whole clip is known, so that hands are followed from every nth
frame both ways, and all the frames that are as far from one are looked at side by side.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from .crop import HandCrop

_SAME_HAND = 0.25  # two squares, or two hands, nearer to each other than this part of the square's side are one


@dataclass(frozen=True, eq=False)
class SeenHand:
    """A hand that the landmark network saw."""

    joints: Tensor  # float (21, 2), x and y in the image, px
    presence: float  # probability that it is a hand
    p_right: float  # probability of a person's right hand


Search = Callable[[list[int]], list[list[SeenHand]]]  # looks for palms in some frames, and returns the hands of each
Look = Callable[[list[int], HandCrop], list["SeenHand | None"]]  # looks at squares in frames, and returns their hands


def found_in_clip(frames: int, search_every: int, search: Search, look: Look) -> list[list[SeenHand]]:
    """Return the hands in each of the frames of a clip.

    Palms are looked for in every nth frame (`search_every`), and where all hands that are followed get lost, together
    with the frame next on the way.
    """
    first = min(search_every // 2, frames - 1)
    keys = list(range(first, frames, search_every))
    hands: list[list[SeenHand]] = [[] for _ in range(frames)]
    for key, seen in zip(keys, search(keys), strict=True):
        hands[key] = seen
    if search_every == 1:
        return hands
    searched = set(keys)
    tried = {key for key in keys if hands[key]}
    while step := _next_to_known(hands, tried):
        _follow(step, hands, look)
        tried |= set(step)
        lost = [frame for frame in step if not hands[frame] and frame not in searched]
        if lost:
            lost += _beyond(lost, frames, tried | searched)
            for frame, seen in zip(lost, search(lost), strict=True):
                hands[frame] = seen
            searched |= set(lost)
            tried |= {frame for frame in lost if hands[frame]}
    return hands


def _beyond(lost: list[int], frames: int, known: set[int]) -> list[int]:
    """Return the frames beside lost ones that are next on the way.

    A hand that is lost in a frame is mostly lost in the next one, too. Looking in both at once takes as long, on two
    cores, as in one.
    """
    beside = sorted({other for frame in lost for other in (frame - 1, frame + 1) if 0 <= other < frames})
    return [frame for frame in beside if frame not in known]


def _next_to_known(hands: list[list[SeenHand]], tried: set[int]) -> dict[int, list[SeenHand]]:
    """Return the frames without a hand (searched or not) beside one that has some, with the hands seen there."""
    step: dict[int, list[SeenHand]] = {}
    for frame in range(len(hands)):
        near = [hand for other in (frame - 1, frame + 1) if 0 <= other < len(hands) for hand in hands[other]]
        if frame not in tried and near:
            step[frame] = near
    return step


def _follow(step: dict[int, list[SeenHand]], hands: list[list[SeenHand]], look: Look) -> None:
    """Look at frames where hands beside them were."""
    owners, crops = [], []
    for frame, near in step.items():
        squares = _distinct(HandCrop.around(torch.stack([hand.joints for hand in near])))
        owners += [frame] * len(squares)
        crops.append(squares)
    followed: dict[int, list[SeenHand]] = {frame: [] for frame in step}
    joined = HandCrop(*(torch.cat(parts) for parts in zip(*(vars(squares).values() for squares in crops), strict=True)))
    for frame, hand in zip(owners, look(owners, joined), strict=True):
        if hand is not None:
            followed[frame].append(hand)
    for frame, seen in followed.items():
        hands[frame] = _distinct_hands(seen)


def _distinct(crops: HandCrop) -> HandCrop:
    """Leave out squares that lie where an earlier one does."""
    kept: list[int] = []
    for row in range(len(crops)):
        apart = [
            float((crops.centre[row] - crops.centre[other]).norm()) > _SAME_HAND * float(crops.side[other])
            for other in kept
        ]
        if all(apart):
            kept.append(row)
    return crops[torch.tensor(kept)]


def _distinct_hands(hands: list[SeenHand]) -> list[SeenHand]:
    """Leave out hands that are the same as one that is surer to be there."""
    kept: list[SeenHand] = []
    for hand in sorted(hands, key=lambda hand: -hand.presence):
        size = float((hand.joints.amax(0) - hand.joints.amin(0)).amax())
        if all(float((hand.joints - other.joints).norm(dim=-1).mean()) > _SAME_HAND * size for other in kept):
            kept.append(hand)
    return kept
