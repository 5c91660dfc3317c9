"""Pictures are the same with and without what the camera cannot see."""

from __future__ import annotations

import numpy as np
import pytest

from ivg.envs import rendering
from ivg.envs.kitchen.env import KitchenEnv
from ivg.envs.rendering import View, outside_view


def test_what_is_out_of_view_changes_no_pixel(kitchen: KitchenEnv, monkeypatch: pytest.MonkeyPatch) -> None:
    kitchen.reset(seed=5, options={"task": "push_plate"})
    for _ in range(14):
        kitchen.step(np.array([-0.6, 0, -0.5, 0, 0, 0, 0], np.float32))
    model, data = kitchen.mj_model, kitchen.mj_data
    groups = model.geom_group.copy()
    pictures = View("egocentric", 96)
    found = pictures.image(model, data), pictures.depth(model, data)
    np.testing.assert_array_equal(model.geom_group, groups)
    left_out = outside_view(model, data, "egocentric")
    robot = [geom for geom in range(model.ngeom) if model.geom_type[geom] == 7 and model.geom_group[geom] == 1]
    assert 0 < len(set(left_out) & set(robot)) < len(robot)
    monkeypatch.setattr(rendering, "outside_view", lambda *_: np.zeros(0, np.intp))
    np.testing.assert_array_equal(pictures.image(model, data), found[0])
    np.testing.assert_array_equal(pictures.depth(model, data), found[1])
    pictures.close()
