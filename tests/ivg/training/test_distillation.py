"""Samples of a teacher: what they hold, and how they are kept."""

from pathlib import Path

import pytest
import torch

from ivg.training.stages.distillation import make_teacher_samples, teacher_noise

SHAPE = (2, 3, 4, 4)


def teach(noise: torch.Tensor, clips: torch.Tensor) -> torch.Tensor:
    return noise + clips.view(-1, 1, 1, 1, 1)


def test_samples_are_what_the_teacher_makes_of_known_noise(tmp_path: Path) -> None:
    samples = make_teacher_samples(teach, (6, 2, *SHAPE), tmp_path, "a teacher")
    assert samples.shape == (6, 2, *SHAPE)
    clips, draws = torch.tensor([5, 0, 5]), torch.tensor([1, 0, 0])
    noise = teacher_noise(clips, draws, SHAPE)
    torch.testing.assert_close(samples[clips, draws].float(), teach(noise, clips), atol=0.01, rtol=0)
    assert not torch.equal(noise[0], noise[2])
    assert torch.equal(noise[1], teacher_noise(torch.tensor([0]), torch.tensor([0]), SHAPE)[0])


def test_samples_are_kept_gone_on_with_and_made_anew_for_another_teacher(tmp_path: Path) -> None:
    asked: list[int] = []

    def slow(noise: torch.Tensor, clips: torch.Tensor) -> torch.Tensor:
        if len(asked) == 40:
            raise KeyboardInterrupt
        asked.extend(clips.tolist())
        return teach(noise, clips)

    with pytest.raises(KeyboardInterrupt):
        make_teacher_samples(slow, (80, 1, *SHAPE), tmp_path, "a teacher", batch=1)
    asked.clear()
    whole = make_teacher_samples(slow, (40, 1, *SHAPE), tmp_path / "other", "a teacher", batch=1)
    asked.clear()
    again = make_teacher_samples(slow, (40, 1, *SHAPE), tmp_path / "other", "a teacher", batch=1)
    assert not asked
    assert torch.equal(whole, again)
    make_teacher_samples(slow, (40, 1, *SHAPE), tmp_path / "other", "another teacher", batch=1)
    assert len(asked) == 40
