"""Texts that come again are encoded once."""

import torch

from ivg.models.text_cache import MOST, CachedTextEncoder


class Counting:
    def __init__(self):
        self.asked = []

    def encode(self, texts):
        self.asked.append(tuple(texts))
        return torch.full((len(texts), 2, 3), float(len(self.asked))), torch.ones(len(texts), 2, dtype=torch.bool)


def test_a_text_that_comes_again_is_not_encoded_again():
    inner = Counting()
    cached = CachedTextEncoder(inner)
    first, second, third = (cached.encode([text])[0] for text in ("cut it", "stir it", "cut it"))
    assert torch.equal(first, third)
    assert not torch.equal(first, second)
    assert inner.asked == [("cut it",), ("stir it",)]


def test_the_latest_are_kept():
    inner = Counting()
    cached = CachedTextEncoder(inner)
    for number in range(MOST):
        cached.encode([str(number)])
    cached.encode(["0"])
    cached.encode(["one more"])
    assert len(inner.asked) == MOST + 1
    cached.encode(["0"])
    assert len(inner.asked) == MOST + 1
    cached.encode(["1"])  # the one that had not been asked for for longest
    assert len(inner.asked) == MOST + 2
