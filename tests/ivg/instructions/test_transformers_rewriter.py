"""The transformers rewriter on a tiny random LLaVA, saved and loaded as people's models are."""

from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    CLIPImageProcessor,
    CLIPVisionConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
)

from ivg.errors import WeightsError
from ivg.instructions import load_rewriter
from ivg.instructions.rewriter import TransformersRewriter, one_sentence

WORDS = "the a left right hand holds knife and cuts carrot on board it still cut picture image scene"
CHAT = (
    "{% for message in messages %}{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<image> {% else %}{{ part['text'] }} {% endif %}"
    "{% endfor %}{% endfor %}answer"
)
FRAME = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with model and processor of random weights."""
    folder = tmp_path_factory.mktemp("models") / "tiny-llava"
    names = ["<unk>", "<pad>", "</s>", "<image>", "answer", *dict.fromkeys(WORDS.split())]
    tokenizer = Tokenizer(models.WordLevel({name: place for place, name in enumerate(names)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="<unk>",
        pad_token="<pad>",
        eos_token="</s>",
        extra_special_tokens={"image_token": "<image>"},
    )
    pictures = CLIPImageProcessor(size={"shortest_edge": 16}, crop_size={"height": 16, "width": 16})
    LlavaProcessor(
        image_processor=pictures,
        tokenizer=fast,
        patch_size=8,
        vision_feature_select_strategy="default",
        chat_template=CHAT,
        image_token="<image>",
        num_additional_image_tokens=1,
    ).save_pretrained(folder)
    small = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    torch.manual_seed(0)
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(**small, image_size=16, patch_size=8, projection_dim=16),
        text_config=LlamaConfig(**small, vocab_size=len(names), num_key_value_heads=2, pad_token_id=1, eos_token_id=2),
        image_token_index=names.index("<image>"),
    )
    LlavaForConditionalGeneration(config).save_pretrained(folder)
    return folder


def test_it_is_chosen_by_its_folder(model: Path) -> None:
    rewriter = load_rewriter(str(model))
    assert isinstance(rewriter, TransformersRewriter)
    assert rewriter.provenance["name"] == "transformers"
    assert rewriter.provenance["model"] == "tiny-llava", "no path of this machine"


def test_it_writes_behind_the_instruction_and_the_same_every_time(model: Path) -> None:
    rewriter = load_rewriter(model)
    first, again = (rewriter("cut the carrot.", frame=FRAME, side="left") for _ in range(2))
    assert first == again
    assert first.startswith("cut the carrot")
    assert "<image>" not in first
    assert "\n" not in first


def test_the_model_is_shown_the_frame_and_asked_of_the_side(model: Path) -> None:
    rewriter = TransformersRewriter(model, request="cut {text} {side} hand")
    seen: list[dict[str, torch.Tensor]] = []
    generate = rewriter._model.generate
    rewriter._model.generate = lambda **inputs: (seen.append(inputs), generate(**inputs))[1]
    rewriter("the carrot", frame=FRAME, side="left")
    ids = rewriter._processor.decode(seen[0]["input_ids"][0])
    assert "cut the carrot left hand" in ids
    assert seen[0]["pixel_values"].shape == (1, 3, 16, 16)
    seen.clear()
    rewriter("the carrot", side="right")
    assert seen[0].get("pixel_values") is None


@pytest.mark.parametrize("name", ["no/such-model-anywhere", "empty"])
def test_a_model_that_is_not_there_is_named(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(WeightsError, match=f"no image-text-to-text model '{name}'"):
        load_rewriter(name)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ('"The left hand holds\n the knife."', "The left hand holds the knife"),
        ("One. Two.", "One"),
        (" ... ", ""),
        ("", ""),
    ],
)
def test_one_sentence(answer: str, sentence: str) -> None:
    assert one_sentence(answer) == sentence
