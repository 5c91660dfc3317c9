"""Plans that cannot be followed are refused."""

from dataclasses import replace

import numpy as np
import pytest

from ivg.errors import InputError


def test_a_plan_knows_its_length(made_up):
    assert len(made_up.plan_of(np.zeros((5, 3)))) == 5


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pos_world_m": np.zeros((4, 2))}, r"pos_world_m must have shape \(n, 3\) with n > 0, got \(4, 2\)"),
        ({"pos_world_m": np.zeros((0, 3))}, r"n > 0"),
        ({"closed": np.zeros(3, bool)}, r"closed must have shape \(4,\), got \(3,\)"),
        ({"yaw_rad": np.array([0, np.nan, 0, 0])}, "finite numbers only"),
        ({"speed_m_s": np.array([0.1, 0.0, 0.1, 0.1])}, r"speed_m_s must be positive, got 0\.0"),
    ],
)
def test_bad_plans_are_refused(made_up, changes, message):
    plan = made_up.plan_of(np.zeros((4, 3)))
    with pytest.raises(InputError, match=message):
        replace(plan, **changes)
