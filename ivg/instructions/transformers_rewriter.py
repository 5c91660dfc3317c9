"""Rewriting by a vision-language model of transformers: any `image-text-to-text` model, by hub name or folder."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import WeightsError

# What the model is asked
REQUEST = (
    "The picture shows a scene before somebody acts in it. The instruction is: {text}. Say in one sentence of at most "
    "25 words what the {side} hand and the other hand hold and do, and where. Name only things that are to be seen."
)

LONGEST_ANSWER = 60  # Tokens that the model may write


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
        """Return the model's inputs for a request and, if there is one, an image."""
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
