"""The paper's figures on made-up clips: with tiny random models in the hub's layout, and with networks in between."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from ivg.errors import InputError
from ivg.metrics.distances import similarity_of_consecutive
from ivg.metrics.networks import sources as module
from ivg.metrics.networks.sources import NETWORK_NAMES, NetworkSources
from ivg.metrics.paper_figures import FIGURES, Features, paper_figures

TEXTS = ["cut the carrot", "stir the pot", "cut the pot"]


def clips(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (3, 11, 40, 40, 3), np.uint8)


class Mean(nn.Module):
    """Stands for the fetched networks: the mean colour of a frame or clip, and its distance."""

    def features(self, items: torch.Tensor) -> torch.Tensor:
        return items.float().flatten(1, -2).mean(1)

    def distances(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        return (self.features(first) - self.features(second)).norm(dim=-1)


@pytest.fixture
def mean_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "load", lambda *_: Mean())


def test_the_same_clips_are_perfect(mean_colour: None, tiny_clip: Path, tiny_blip: Path) -> None:
    truth = clips()
    sources = NetworkSources(("inception", "i3d", "lpips", "clip", "blip"), str(tiny_clip), str(tiny_blip))
    figures = paper_figures({"generated": truth.copy()}, truth, TEXTS, sources)
    assert list(figures) == list(FIGURES)
    values = {key: figure.values.get("generated") for key, figure in figures.items()}
    assert values["fid"] == pytest.approx(0, abs=1e-6)
    assert values["fvd"] == pytest.approx(0, abs=1e-6)
    assert values["lpips"] == 0
    assert values["clip_to_gt"] == pytest.approx(100)
    assert values["egovlp"] is None
    assert figures["egovlp"].unavailable.startswith("not asked for")
    assert figures["clip_to_text"].network == str(tiny_clip)


def test_frame_0_does_not_count(mean_colour: None, tiny_clip: Path) -> None:
    truth, other = clips(), clips()
    other[:, 0] = 255 - other[:, 0]
    sources = NetworkSources(("inception", "i3d", "lpips", "clip"), str(tiny_clip))
    figures = paper_figures({"generated": other}, truth, TEXTS, sources)
    assert figures["lpips"].values["generated"] == 0
    assert figures["fid"].values["generated"] == pytest.approx(0, abs=1e-6)
    assert figures["clip_to_gt"].values["generated"] == pytest.approx(100)
    assert (figures["fid"].over, figures["fvd"].over) == ("30 frames", "3 clips")
    assert figures["clip_to_consecutive"].over == "27 pairs"


def test_fid_is_over_frames_and_fvd_over_clips(mean_colour: None) -> None:
    """All frames lighter by the same amount: each feature is shifted, and nothing else."""
    truth = clips() // 2
    figures = paper_figures({"generated": truth + 7}, truth, TEXTS, NetworkSources(("inception", "i3d")))
    assert figures["fid"].values["generated"] == pytest.approx(3 * 7**2, rel=1e-3)
    assert figures["fvd"].values["generated"] == pytest.approx(3 * 7**2, rel=1e-3)
    assert not figures["fid"].warning
    assert figures["fvd"].warning.startswith("3 samples for 3 features")


def test_texts_go_with_their_clips(tiny_clip: Path, tiny_blip: Path) -> None:
    truth = clips()
    sources = NetworkSources(("clip", "blip"), str(tiny_clip), str(tiny_blip))
    asked = paper_figures({"generated": truth}, truth, TEXTS, sources)
    turned = paper_figures({"generated": truth[::-1]}, truth[::-1], TEXTS[::-1], sources)
    for key in ("clip_to_text", "blip", "clip_to_consecutive"):
        assert turned[key].values["generated"] == pytest.approx(asked[key].values["generated"], abs=1e-4)
    other = paper_figures({"generated": truth}, truth, ["stir the carrot"] * 3, sources)
    assert other["blip"].values["generated"] != pytest.approx(asked["blip"].values["generated"], abs=1e-6)
    assert other["clip_to_consecutive"] == asked["clip_to_consecutive"]


def test_a_still_clip_is_consistent(tiny_clip: Path) -> None:
    truth = clips()
    still = np.broadcast_to(truth[:, :1], truth.shape)
    figures = paper_figures({"still": still}, truth, TEXTS, NetworkSources(("clip",), str(tiny_clip)))
    assert figures["clip_to_consecutive"].values["still"] == pytest.approx(1)
    assert similarity_of_consecutive(np.ones((1, 3, 2))) == pytest.approx(1)


def test_what_cannot_be_had_is_unavailable_and_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IVG_CACHE", str(tmp_path))
    truth = clips()
    sources = NetworkSources(NETWORK_NAMES, "someone/nothing", str(tmp_path))
    figures = paper_figures({"generated": truth}, truth, TEXTS, sources)
    assert not any(figure.values for figure in figures.values())
    for key, reason in {
        "fid": "run ivg-eval fetch-networks inception",
        "fvd": "run ivg-eval fetch-networks i3d",
        "lpips": "run ivg-eval fetch-networks lpips",
        "clip_to_gt": "someone/nothing is not here",
        "clip_to_text": "someone/nothing is not here",
        "blip": "holds no usable model",
        "egovlp": "EgoVLP_PT_BEST.pth",
    }.items():
        assert reason in figures[key].unavailable


def test_wrong_requests() -> None:
    truth = clips()
    with pytest.raises(InputError, match="did you mean 'i3d'"):
        NetworkSources(("i3",))
    with pytest.raises(InputError, match="generated must be uint8"):
        paper_figures({"generated": truth[:2]}, truth, TEXTS, NetworkSources(()))
    with pytest.raises(InputError, match="a text for each clip"):
        paper_figures({"generated": truth}, truth, TEXTS[:2], NetworkSources(()))


def test_features_are_kept_where_wanted_and_each_item_is_seen_once(tmp_path: Path) -> None:
    seen = 0

    def network(items: torch.Tensor) -> torch.Tensor:
        nonlocal seen
        seen += len(items)
        return items.float().flatten(1)[:, :4]

    items = np.random.default_rng(0).integers(0, 256, (7, 5, 5, 3), np.uint8)[[0, 1, 1, 2, 3, 0, 4, 5, 6]]
    features = Features(cache=tmp_path)
    options: dict[str, Any] = {"name": "test", "batch": 3}
    expected = items.reshape(9, -1)[:, :4].astype(np.float32)
    np.testing.assert_array_equal(features.of(items, network, **options), expected)
    assert (seen, list(tmp_path.iterdir())) == (7, [])
    for _ in range(2):
        np.testing.assert_array_equal(features.of(items, network, keep="a", **options), expected)
    assert seen == 14
    features.of(items, network, keep="b", **options)
    features.of(items[::-1], network, keep="a", **options)
    assert seen == 28, "another network, and other items, are other features"
