"""``ivg-ablate``: its rows, its table, and a whole run with very few steps."""

import json

import numpy as np
import pytest

from ivg.cli.ablate import main
from ivg.errors import InputError
from ivg.evaluation.ablation import AblationResult
from ivg.evaluation.ablation_figures import ROWS, choose_rows, trainings


def test_the_rows_are_the_paper_s():
    assert [(row.number, row.inference, row.hand_loss) for row in ROWS] == [
        (1, "white", False),
        (2, "annotation", False),
        (3, "prior", True),
        (4, "stage 1", False),
        (5, "stage 1", True),
    ]


def test_rows_that_differ_only_in_the_mask_at_inference_share_a_training():
    assert set(trainings(ROWS)) == {"white", "annotation", "prior-hand", "annotation-hand"}
    assert set(trainings(choose_rows([2, 4]))) == {"annotation"}


@pytest.mark.parametrize("rows", [[6], ["1", "x"], []])
def test_other_rows_are_refused(rows):
    with pytest.raises(InputError, match="the rows are 1, 2, 3, 4, 5"):
        choose_rows(rows)


def figures(**values):
    row = {"number": 5, "mask": "stage 1", "hand_loss": True, "training": "annotation-hand", "hs_err": [0.1, 0.2, 0.3],
           "fvd": [], "hands": [0.9, 0.9, 0.9], "region_iou": [0.5]}  # fmt: skip
    settings = {
        "steps": 10,
        "batch_size": 4,
        "scenes": 9,
        "seeds": 3,
        "start": "nano",
        "fvd_unavailable": "not fetched",
    }
    return {**settings, "rows": [row], **values}


def test_the_table_has_means_spreads_and_reasons():
    table = AblationResult(figures()).table
    assert "| 5 | stage 1 | yes | 0.2000 ± 0.1000 | unavailable | 0.900 ± 0.000 | 0.500 |" in table
    assert "FVD: unavailable (not fetched)." in table


def test_the_plot_is_drawn(tmp_path):
    AblationResult(figures()).save_plot(tmp_path / "new" / "plot.png")
    assert (tmp_path / "new" / "plot.png").stat().st_size > 2000


def test_a_store_that_is_not_there_is_one_line(tmp_path, capsys):
    assert main(["--store", str(tmp_path / "none"), "--out", str(tmp_path / "out"), "--steps", "1"]) == 2
    error = capsys.readouterr().err
    assert "none" in error
    assert error.count("\n") == 1


@pytest.mark.slow
@pytest.mark.usefixtures("in_process")
def test_two_rows_from_training_to_table(tmp_path, monkeypatch, capsys):
    from ivg.cli.dataset import main as dataset

    monkeypatch.chdir(tmp_path)
    assert dataset(["render", "--env", "kitchen", "--clips", "2", "--out", "clips"]) == 0
    words = "--store clips --out out --steps 1 --batch-size 1 --rows 1,5 --sampling-steps 1"
    first = words + " --scenes 2 --seeds 2 --table table.md --json figures.json"
    assert main(first.split()) == 0
    assert (tmp_path / "table.md").read_text().strip() in capsys.readouterr().out
    rows = json.loads((tmp_path / "figures.json").read_text())["rows"]
    assert [row["number"] for row in rows] == [1, 5]
    assert all(len(row["hs_err"]) == 2 and np.isfinite(row["hs_err"]).all() for row in rows)
    assert main(f"{words} --scenes 1 --seeds 1".split()) == 0
    assert "training annotation-hand: 100%" in capsys.readouterr().err
