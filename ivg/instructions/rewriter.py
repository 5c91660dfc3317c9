"""Rewriters of instructions: what one is, none, a vision-language model; and which one a name means."""

from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ..errors import WeightsError, unknown_option
from .vocabulary import SceneVocabulary

# Rewriters by name; a hub name with a slash or a folder means a model of transformers
REWRITERS = ("none", "vocabulary")
# What the model is asked
REQUEST = (
    "The picture shows a scene before somebody acts in it. The instruction is: {text}. Say in one sentence of at most "
    "25 words what the {side} hand and the other hand hold and do, and where. Name only things that are to be seen."
)

LONGEST_ANSWER = 60  # Tokens that the model may write


@runtime_checkable
class InstructionRewriter(Protocol):
    """Turns an instruction into a richer description, before the text is encoded.

    The paper has a language model do it (E_text "after instruction tuning", Sec. 3.1.1). The model that is conditioned
    on the text has to be trained on texts of the same rewriter.
    """

    @property
    def provenance(self) -> dict[str, Any]:
        """What JSON can hold of it: `name`, and what else decides what it writes."""

    def __call__(self, text: str, *, frame: NDArray[np.uint8] | None = None, side: str = "right") -> str:
        """Return the text to use instead of an instruction ("cut the carrot"); the given one if nothing is to add.

        The same arguments give the same text. `frame` is uint8 (h, w, 3) RGB, the scene, for rewriters that look at it;
        `side` is the acting hand, "left" or "right".
        """


class PlainRewriter:
    """Leaves instructions as they are."""

    @property
    def provenance(self) -> dict[str, Any]:
        """Its name."""
        return {"name": "none"}

    def __call__(self, text: str, *, frame: NDArray[np.uint8] | None = None, side: str = "right") -> str:
        """Return the text."""
        return text


class TransformersRewriter:
    """Asks a vision-language model to describe what the hands do; greedy, so that the same frame gives the same text.

    `model` is a name on the hub, or a folder that `save_pretrained` wrote, with model and processor; `request` is what
    it is asked, with `{text}` and `{side}` in braces. A `WeightsError` if model or processor cannot be loaded.
    """

    def __init__(self, model: str | Path, device: str = "cpu", request: str = REQUEST) -> None:
        from transformers import AutoModelForImageTextToText, AutoProcessor

        self.name = str(model)
        self.request = request
        try:
            self._processor = AutoProcessor.from_pretrained(self.name)
            self._model = AutoModelForImageTextToText.from_pretrained(self.name).to(device).eval()
        except (OSError, ValueError, KeyError, ImportError) as error:
            reason = " ".join(str(error).split())[:300]
            raise WeightsError(
                f"no image-text-to-text model {self.name!r} to rewrite instructions with; without a network give a "
                f"folder that holds one: {reason}"
            ) from error
        self.device = device

    @property
    def provenance(self) -> dict[str, Any]:
        """Its kind, the model's name (of a folder the last part), its commit on the hub if known, and the request."""
        name = Path(self.name).name if Path(self.name).is_dir() else self.name
        commit = getattr(self._model.config, "_commit_hash", None)
        return {"name": "transformers", "model": name, "commit": commit, "request": self.request}

    def __call__(self, text: str, *, frame: NDArray[np.uint8] | None = None, side: str = "right") -> str:
        """Rewrite an instruction; see `InstructionRewriter`. An answer without a word leaves the instruction alone."""
        import torch

        inputs = self._inputs(self.request.format(text=text.strip().rstrip("."), side=side), frame)
        with torch.inference_mode():
            tokens = self._model.generate(**inputs, max_new_tokens=LONGEST_ANSWER, do_sample=False)
        written = tokens[0, inputs["input_ids"].shape[1] :]
        answer = one_sentence(self._processor.decode(written, skip_special_tokens=True))
        return f"{text.strip().rstrip('.')}: {answer}" if answer else text

    def _inputs(self, request: str, frame: NDArray[np.uint8] | None) -> Any:
        from PIL import Image

        content: list[dict[str, Any]] = [{"type": "text", "text": request}]
        if frame is not None:
            content.insert(0, {"type": "image", "image": Image.fromarray(frame)})
        inputs = self._processor.apply_chat_template(
            [{"role": "user", "content": content}],
            add_generation_prompt=True,
            tokenize=True,
            return_dict=True,
            return_tensors="pt",
        )
        return inputs.to(self.device)


def one_sentence(answer: str) -> str:
    """Return the first sentence of an answer on one line, without quotation marks; "" if it has no letter."""
    line = " ".join(answer.split()).strip("\"'` ")
    first = line.split(". ")[0].rstrip(".").strip("\"'` ")
    return first if any(letter.isalpha() for letter in first) else ""


def load_rewriter(
    name: str | Path | InstructionRewriter, *, device: str = "cpu", vocabulary: SceneVocabulary | None = None
) -> InstructionRewriter:
    """Return a rewriter: "none", "vocabulary" (of kitchens in general if None is given), or a model's on `device`.

    A model is named by the hub ("owner/model") or a folder; a rewriter is returned as it is. An `InputError` if there
    is no such name, a `WeightsError` if there is no such model.
    """
    if not isinstance(name, str | Path):
        return name
    if str(name) == "none":
        return PlainRewriter()
    if str(name) == "vocabulary":
        from .vocabulary_rewriter import VocabularyRewriter

        return VocabularyRewriter(vocabulary)
    if Path(name).is_dir() or "/" in str(name):
        return TransformersRewriter(name, device)
    raise unknown_option("rewriter", name, (*REWRITERS, "a hub name such as owner/model", "a folder"))
