"""Codings of actions, turns, places on a path."""

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from ivg.errors import InputError
from ivg.policy.learning.actions import action_coding
from ivg.policy.learning.networks.demonstration_encoder import look_up, relative_to
from ivg.policy.learning.networks.rotations import (
    matrix_to_six,
    quaternion_to_matrix,
    rotation_vector_to_matrix,
    six_to_matrix,
)


def proprio(seed, count):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(count, 16)).astype(np.float32)
    values[:, 3:7] = Rotation.random(count, random_state=seed).as_quat()[:, [3, 0, 1, 2]]
    return values


def test_turns_are_scipy_s():
    turns = Rotation.random(20, random_state=1)
    quaternions = torch.tensor(turns.as_quat()[:, [3, 0, 1, 2]])
    torch.testing.assert_close(quaternion_to_matrix(2 * quaternions), torch.tensor(turns.as_matrix()))
    vectors = torch.tensor(turns.as_rotvec())
    vectors[0] = 0
    expected = torch.tensor(Rotation.from_rotvec(vectors.numpy()).as_matrix())
    torch.testing.assert_close(rotation_vector_to_matrix(vectors), expected)
    torch.testing.assert_close(six_to_matrix(3 * matrix_to_six(expected)), expected)
    torch.testing.assert_close(quaternion_to_matrix(torch.zeros(4)), torch.eye(3))


@pytest.mark.parametrize("name", ["targets", "commands"])
def test_a_command_comes_back_where_the_robot_is_as_it_was(name):
    coding, robot = action_coding(name), proprio(0, 8)
    action = np.random.default_rng(2).uniform(-0.9, 0.9, (8, 7)).astype(np.float32)
    now = torch.from_numpy(robot[:1])
    coded = coding.encode(torch.from_numpy(action)[None], torch.from_numpy(robot)[None], now)
    assert coded.shape == (1, 8, coding.size)
    held = coding.hold(coded[0], now[0])
    for one, true, here in zip(held, action, robot, strict=True):
        np.testing.assert_allclose(coding.command(one, here), true, atol=1e-4)


def test_a_target_stays_where_it_is_when_the_robot_lags():
    coding, robot = action_coding("targets"), proprio(3, 2)
    robot[1, 3:7] = robot[0, 3:7]
    action = np.zeros((1, 1, 7), np.float32)
    action[..., 0] = 0.5
    now = torch.from_numpy(robot[:1])
    held = coding.hold(coding.encode(torch.from_numpy(action), now[None], now)[0], now[0])[0]
    lagging = robot[0].copy()
    lagging[0] -= 0.01
    np.testing.assert_allclose(coding.command(held, lagging)[0], 0.5 + 0.01 / 0.05, atol=1e-4)


def test_other_codings_are_refused():
    with pytest.raises(InputError, match="did you mean 'targets'"):
        action_coding("target")


def test_places_on_a_path():
    path = torch.arange(5.0)[None, :, None].repeat(1, 1, 2)
    phase = torch.tensor([[0.0, 0.25, 0.3, 1.0, 2.0]])
    torch.testing.assert_close(look_up(path, phase)[0, :, 0], torch.tensor([0.0, 1.0, 1.2, 4.0, 4.0]))


def test_a_path_is_seen_alike_by_a_robot_that_moved_with_it():
    robot = torch.from_numpy(proprio(4, 1))
    path = torch.zeros(1, 3, 8)
    path[..., :3], path[..., 3:7] = robot[:, None, :3] + 0.05, robot[:, None, 3:7]
    seen = relative_to(path, robot)
    moved_path, moved_robot = path.clone(), robot.clone()
    moved_path[..., :3] += 1
    moved_robot[:, :3] += 1
    torch.testing.assert_close(relative_to(moved_path, moved_robot), seen, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(seen[0, 0, 3:9], torch.tensor([1.0, 0, 0, 0, 1, 0]), atol=1e-5, rtol=0)
