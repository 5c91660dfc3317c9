"""Sample efficiency from learning curves: known answers."""

import math

import pytest

from ivg.errors import InputError
from ivg.policy.rl.curve import COLUMNS, LearningCurve, Mean, area_of, draw_comparison, draw_curve, efficiency, gain


def curve(folder, *points):
    made = LearningCurve(folder / f"{len(list(folder.iterdir()))}.csv")
    for step, success in points:
        made.add(dict.fromkeys(COLUMNS, 0.0) | {"step": step, "success": success})
    return made


def test_the_area_is_the_mean_over_steps(tmp_path):
    assert area_of(curve(tmp_path, (0, 0.0), (100, 1.0))) == pytest.approx(0.5)
    assert area_of(curve(tmp_path, (0, 0.0), (50, 0.0), (100, 1.0))) == pytest.approx(0.25)
    assert area_of(curve(tmp_path, (0, 1.0), (10, 1.0), (100, 1.0))) == pytest.approx(1.0)
    with pytest.raises(InputError, match="two"):
        area_of(curve(tmp_path, (0, 1.0)))


def test_means_have_students_interval():
    mean = Mean.of([0.1, 0.2, 0.3])
    assert mean.value == pytest.approx(0.2)
    assert mean.half == pytest.approx(4.3027 * 0.1 / math.sqrt(3), abs=1e-4)
    assert math.isnan(Mean.of([0.4]).half)


def test_figures_of_two_seeds(tmp_path):
    runs = [curve(tmp_path, (0, 0.0), (10, 0.6), (20, 1.0)), curve(tmp_path, (0, 0.0), (10, 0.0), (20, 0.2))]
    figures = efficiency(runs)
    assert figures.steps_to_half == (10, None)
    assert figures.final.value == pytest.approx(0.6)
    assert figures.area.value == pytest.approx((0.55 + 0.05) / 2)
    assert gain({0: runs[0]}, {0: runs[1]}).value == pytest.approx(0.5)
    with pytest.raises(InputError, match="no run"):
        efficiency([])


def test_a_curve_is_kept_and_a_resumed_run_overwrites_its_end(tmp_path):
    first = curve(tmp_path, (0, 0.0), (10, 0.5), (20, 0.9))
    again = LearningCurve(first.file)
    again.add(dict.fromkeys(COLUMNS, 0.0) | {"step": 10, "success": 0.25})
    assert LearningCurve(first.file).column("step") == [0, 10]
    assert LearningCurve(first.file).column("success") == [0, 0.25]


def test_curves_are_drawn(tmp_path):
    draw_curve(curve(tmp_path, (0, 0.0), (10, 0.5)), tmp_path / "a" / "curve.png")
    fast, slow, never = (curve(tmp_path, (0, 0.0), (10, end)) for end in (1.0, 0.5, 0.0))
    draw_comparison({"tracking": [fast, slow], "sparse": [never]}, tmp_path / "b.png")
    assert (tmp_path / "a" / "curve.png").stat().st_size > 5000
    assert (tmp_path / "b.png").stat().st_size > 5000
