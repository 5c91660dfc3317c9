"""Statistics of rows that pass by are those of all rows at once."""

import numpy as np
import pytest

from ivg.policy.datasets.exports.steps import QUANTILES, SAMPLE_ROWS, RunningStatistics, image_rows


def test_they_are_those_of_all_rows():
    rows = np.random.default_rng(0).normal(5, [0.1, 3], (500, 2)).astype(np.float32)
    statistics = RunningStatistics()
    for part in np.split(rows, [1, 40, 41, 300]):
        statistics.update(part)
    told = statistics.result()
    values = rows.astype(np.float64)
    expected = {"min": values.min(0), "max": values.max(0), "mean": values.mean(0), "std": values.std(0)}
    expected |= {name: np.quantile(values, share, axis=0) for name, share in QUANTILES.items()}
    for name, value in expected.items():
        np.testing.assert_allclose(told[name], value, rtol=1e-9, err_msg=name)
    assert told["count"] == [500]


def test_quantiles_of_many_rows_are_those_of_a_fair_sample():
    statistics = RunningStatistics()
    for start in range(0, 100_000, 1000):
        statistics.update(np.arange(start, start + 1000)[:, None])
    told = statistics.result()
    for name, share in QUANTILES.items():
        spread = 100_000 * np.sqrt(share * (1 - share) / SAMPLE_ROWS)
        assert told[name][0] == pytest.approx(share * 100_000, abs=4 * spread), name
    assert told["mean"] == [49_999.5]


def test_of_pictures_they_are_by_channel_and_between_0_and_1(make):
    rows, pictures = image_rows(make(0, 40))
    assert (pictures, rows.shape) == (16, (16 * 10 * 12, 3))
    statistics = RunningStatistics()
    statistics.update(rows)
    told = statistics.result((3, 1, 1), pictures)
    assert np.shape(told["mean"]) == (3, 1, 1)
    assert told["count"] == [16]
    assert 0 <= np.min(told["min"]) <= np.max(told["max"]) <= 1
