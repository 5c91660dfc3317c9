"""Following hands through a clip: where palms are looked for, where squares are laid, what is found."""

import numpy as np
import pytest
import torch

from ivg.errors import InputError
from ivg.hands.batched_detector import BatchedHands
from ivg.hands.tracking import SeenHand, found_in_clip

SHAPE = torch.rand(21, 2, generator=torch.Generator().manual_seed(0)) * 40


class Scene:
    """Hands that are at a place (x, y) in some frames; palms are found in `searchable` of these only."""

    def __init__(self, places, searchable=None):
        self.places = places
        self.searchable = range(len(places)) if searchable is None else searchable
        self.searched, self.looked = [], []

    def search(self, frames):
        self.searched += frames
        return [self.at(frame) if frame in self.searchable else [] for frame in frames]

    def look(self, owners, crops):
        self.looked += owners
        found = []
        for row, owner in enumerate(owners):
            centre = crops.centre[row]
            near = [hand for hand in self.at(owner) if (hand.joints.mean(0) - centre).norm() < 0.4 * crops.side[row]]
            found.append(near[0] if near else None)
        return found

    def at(self, frame):
        return [SeenHand(SHAPE + torch.tensor(place), 0.9, 0.9) for place in self.places[frame]]


def found(scene, every):
    hands = found_in_clip(len(scene.places), every, scene.search, scene.look)
    return [len(seen) for seen in hands]


def test_every_frame_by_itself():
    scene = Scene([[(0.0, 0.0)]] * 5)
    assert found(scene, 1) == [1] * 5
    assert scene.searched == [0, 1, 2, 3, 4]
    assert not scene.looked


def test_a_moving_hand_is_followed_both_ways():
    scene = Scene([[(4.0 * frame, 2.0 * frame)] for frame in range(16)])
    assert found(scene, 4) == [1] * 16
    assert scene.searched == [2, 6, 10, 14]
    assert sorted(scene.looked) == [frame for frame in range(16) if frame not in (2, 6, 10, 14)]


def test_a_hand_that_enters_is_followed_back_to_where_it_comes_from():
    scene = Scene([[]] * 4 + [[(4.0 * frame, 0.0)] for frame in range(12)])
    assert found(scene, 4) == [0] * 4 + [1] * 12


def test_a_hand_that_jumps_is_looked_for_again():
    scene = Scene([[(0.0, 0.0)]] * 3 + [[(300.0, 0.0)]] * 5)
    assert found(scene, 8) == [1] * 8
    assert 4 in scene.searched


def test_where_a_hand_is_lost_the_next_frame_is_searched_with_it():
    scene = Scene([[]] * 3 + [[(0.0, 0.0)]] * 5)  # the hand is in the picture from frame 3 on
    calls, search = [], scene.search
    scene.search = lambda frames: calls.append(list(frames)) or search(frames)
    assert found(scene, 8) == [0] * 3 + [1] * 5
    assert calls == [[4], [2, 1]]


def test_a_palm_that_is_overlooked_is_found_from_beside():
    scene = Scene([[(0.0, 0.0)]] * 8, searchable=[2])
    assert found(scene, 4) == [1] * 8


def test_two_hands_stay_two():
    scene = Scene([[(0.0, 0.0), (150.0 - 3 * frame, 0.0)] for frame in range(8)])
    assert found(scene, 4) == [2] * 8
    assert len(scene.looked) == 2 * 6


def test_no_hands_at_all():
    scene = Scene([[]] * 9)
    assert found(scene, 4) == [0] * 9
    assert scene.searched == [2, 6]


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_short_clips(frames):
    assert found(Scene([[(0.0, 0.0)]] * frames), 4) == [1] * frames


def test_rendered_hands_are_where_a_search_in_every_frame_finds_them(hand_clips):
    searched, followed = BatchedHands(), BatchedHands(search_every=4)
    missed = hands = 0
    errors = []
    for frames in hand_clips:
        ours, theirs = followed(frames), searched(frames)
        both = ours.present & theirs.present
        missed, hands = missed + int((theirs.present & ~ours.present).sum()), hands + int(theirs.present.sum())
        size = np.linalg.norm(theirs.keypoints[both][:, 12] - theirs.keypoints[both][:, 0], axis=-1)
        errors += (np.linalg.norm(ours.keypoints[both] - theirs.keypoints[both], axis=-1).mean(-1) / size).tolist()
    assert hands > 30
    assert missed <= 0.1 * hands  # a second hand that shows up now and then
    assert np.median(errors) < 0.05


def test_frames_to_search_are_at_least_one():
    with pytest.raises(InputError, match="search_every must be positive, got 0"):
        BatchedHands(batch_size=16, upsample_to=256, search_every=0)
