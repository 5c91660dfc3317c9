"""The sampling loop: whose guess is when, and going beyond the last."""

from types import SimpleNamespace

import pytest
import torch

from ivg.models.noise import training_scheduler
from ivg.models.sampler import denoise


class Guesses:
    """Guesses what it is told to, and notes what it is asked."""

    dtype = torch.float32

    def __init__(self, *values):
        self.values, self.asked = list(values), []

    def __call__(self, x, timestep, **conditions):
        self.asked.append((int(timestep), conditions))
        return SimpleNamespace(sample=torch.full_like(x, self.values.pop(0)))


def scheduler(steps):
    made = training_scheduler()
    made.set_timesteps(steps)
    return made


def start():
    return torch.randn(1, 4, 2, 3, 3, generator=torch.Generator().manual_seed(0))


def test_the_last_guess_is_what_comes_out():
    network, steps = Guesses(1.0, 2.0), []

    def step_end(step, timestep, x):
        steps.append(step + 1)
        return x

    x = denoise([network] * 2, scheduler(2), start(), {"told": 3}, step_end=step_end)
    torch.testing.assert_close(x, torch.full_like(x, 2.0))
    assert network.asked == [(995, {"told": 3}), (498, {"told": 3})]
    assert steps == [1, 2]


@pytest.mark.parametrize(("extrapolation", "expected"), [(0.0, 2.0), (0.25, 2.25), (1.0, 3.0)])
def test_it_goes_on_from_the_guess_before(extrapolation, expected):
    first, last = Guesses(1.0), Guesses(2.0)
    x = denoise([first, last], scheduler(2), start(), {}, extrapolation)
    torch.testing.assert_close(x, torch.full_like(x, expected))


def test_one_step_has_nothing_to_go_on_from():
    x = denoise([Guesses(1.0)], scheduler(1), start(), {}, 0.5)
    torch.testing.assert_close(x, torch.full_like(x, 1.0))


def test_guidance_goes_away_from_what_is_guessed_without_the_text():
    class Reader(Guesses):
        def __call__(self, x, timestep, **conditions):
            self.asked.append((int(timestep), conditions))
            told = conditions["encoder_hidden_states"].mean((1, 2))  # 1 with the text, 0 without
            return SimpleNamespace(sample=(1 + told)[:, None, None, None, None].expand_as(x))

    network, conditions = Reader(), {"encoder_hidden_states": torch.ones(1, 5, 3), "context": torch.full((1, 2), 7.0)}
    plain = denoise([network], scheduler(1), start(), conditions)
    guided = denoise([network], scheduler(1), start(), conditions, guidance_scale=3.0)
    torch.testing.assert_close(plain, torch.full_like(plain, 2.0))
    torch.testing.assert_close(guided, torch.full_like(guided, 4.0), msg="1 + 3 * (2 - 1)")
    torch.testing.assert_close(network.asked[-1][1]["context"], torch.full((2, 2), 7.0))
    assert torch.equal(conditions["encoder_hidden_states"], torch.ones(1, 5, 3)), "what was given is left as it was"
