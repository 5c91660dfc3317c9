"""Base of diffusion policy and behaviour cloning: chunks of actions, acting, saving."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from ivg.errors import InputError, WeightsError, unknown_option
from ivg.io.staging import staged_output

from ..datasets import DEMONSTRATION_KEYS
from .actions import action_coding
from .config import POLICIES, PolicyConfig
from .networks.image_encoder import resize_images
from .networks.normalizer import RangeNormalizer
from .networks.observation_encoder import EncodedObservation, Observation, ObservationEncoder, encode_texts

CONFIG_FILE, WEIGHTS_FILE = "config.json", "model.safetensors"

Batch = dict[str, Tensor]  # An `Observation`, and the targets: `chunk` (b, horizon, size) and `phase` (b, horizon)


class ChunkPolicy(nn.Module, ABC):
    """A policy that predicts a chunk of actions and executes its first part (Chi et al. 2023, Sec. 2.3).

    Call `reset` at the start of an episode, then `act` at each step. `notes` are the weights' provenance, JSON values.

    Example:
        >>> policy = load_policy("runs/demo/weights")
        >>> policy.reset(demonstration=demonstration_observation(extracted))
        >>> action = policy.act(observation)
    """

    kind: ClassVar[str]

    def __init__(self, config: PolicyConfig, notes: dict[str, Any] | None = None) -> None:
        super().__init__()
        self.config, self.notes = config, dict(notes or {})
        self.coding = action_coding(config.actions)
        self.encoder = ObservationEncoder(config)
        self.chunk_scale = RangeNormalizer(config.horizon, self.coding.size)
        self._proprio: deque[NDArray[np.float32]] = deque(maxlen=config.n_obs_steps)
        self._images: deque[NDArray[np.uint8]] = deque(maxlen=config.image_steps)
        self._queue: deque[Tensor] = deque()
        self._conditioning: dict[str, Tensor] = {}
        self._generator: torch.Generator | None = None

    @abstractmethod
    def chunk_loss(self, encoded: EncodedObservation, chunk: Tensor) -> Tensor:
        """Return the loss of predicting scaled chunks (b, horizon, size)."""

    @abstractmethod
    def sample_chunk(self, encoded: EncodedObservation, generator: torch.Generator | None) -> Tensor:
        """Predict scaled chunks (b, horizon, size)."""

    def forward(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss of a batch, and its parts."""
        encoded = self.encoder(batch)
        parts = {"actions": self.chunk_loss(encoded, self.chunk_scale(batch["chunk"]))}
        loss = parts["actions"]
        if encoded.phase is not None:
            parts["phase"] = (encoded.phase - batch["phase"]).abs().mean()
            loss = loss + self.config.phase_weight * parts["phase"]
        return loss, parts

    @torch.no_grad()
    def predict(
        self, observation: Observation, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """Return chunks (b, horizon, size) as the coding has them, and their position in the demonstration."""
        encoded = self.encoder(observation)
        return self.chunk_scale.inverse(self.sample_chunk(encoded, generator)), encoded.phase

    def reset(
        self, demonstration: Mapping[str, NDArray[np.float32]] | None = None, text: str | None = None, seed: int = 0
    ) -> None:
        """Begin an episode.

        Args:
            demonstration: Arrays of `ivg.policy.conditioning.observation`, if observations do not hold them.
            text: The task, which a policy that is conditioned on text needs (else `InputError`).
            seed: Seed of the policy's draws.
        """
        for history in (self._proprio, self._images, self._queue):
            history.clear()
        self._conditioning = {}
        self._generator = torch.Generator(self.device).manual_seed(seed)
        if self.config.conditioning == "demo" and demonstration is not None:
            self._conditioning = {key: torch.as_tensor(demonstration[key])[None] for key in DEMONSTRATION_KEYS}
        elif self.config.conditioning == "text":
            if text is None:
                raise InputError("this policy is conditioned on text: reset(text=...) is needed")
            self._conditioning = {"text": encode_texts([text])}

    def act(self, observation: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
        """Return the next action, float32 (7,) in [-1, 1].

        The observation holds `image` uint8 (h, w, 3) and `proprio` float32 (16,); `demo_keypoints`, `demo_present`,
        `demo_path` and `demo_plan`, if the policy needs a demonstration and `reset` got none (else `InputError`).
        """
        proprio = np.asarray(observation["proprio"], np.float32)
        self._proprio.append(proprio)
        if len(self._queue) < self.config.image_steps:  # an image of the next prediction
            self._images.append(resize_images(np.asarray(observation["image"]), self.config.image_size))
        if not self._queue:
            chunk, _ = self.predict(self._batch_of(observation), self._generator)
            first = self.config.n_obs_steps - 1
            chosen = chunk[0, first : first + self.config.n_action_steps].cpu()
            self._queue.extend(self.coding.hold(chosen, torch.from_numpy(proprio)))
        return self.coding.command(self._queue.popleft(), proprio)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.chunk_scale.low.device

    def save_pretrained(self, folder: str | Path, *, overwrite: bool = False) -> None:
        """Write weights (safetensors) and configuration (JSON) into a folder, a new one unless `overwrite`."""
        with staged_output(folder, overwrite=overwrite) as stage:
            stage.mkdir()
            state = {name: value.detach().cpu().contiguous() for name, value in self.state_dict().items()}
            save_file(state, stage / WEIGHTS_FILE)
            described = {"kind": self.kind, "policy": asdict(self.config), "notes": self.notes}
            (stage / CONFIG_FILE).write_text(json.dumps(described, indent=2) + "\n")

    @classmethod
    def from_pretrained(cls, folder: str | Path) -> Self:
        """Load what `save_pretrained` wrote, for evaluation, on the CPU (`WeightsError` if it is of no use)."""
        kind, config, notes = read_description(Path(folder))
        if kind != cls.kind:
            raise WeightsError(f"{folder} holds a policy of kind {kind!r}, not {cls.kind!r}")
        policy = cls(config, notes)
        try:
            policy.load_state_dict(load_file(Path(folder) / WEIGHTS_FILE))
        except (OSError, RuntimeError, ValueError) as error:
            raise WeightsError(f"{folder} holds no usable weights: {str(error).splitlines()[0]}") from error
        return policy.eval().requires_grad_(False)

    def _batch_of(self, observation: Mapping[str, NDArray[Any]]) -> Observation:
        """Return a batch of one: the last steps (the first one repeated at the start), and the conditioning."""
        conditioning = self._conditioning
        if self.config.conditioning == "demo" and not conditioning:
            missing = [key for key in DEMONSTRATION_KEYS if key not in observation]
            if missing:
                raise InputError(f"this policy needs a demonstration: give reset() one, or observations {missing}")
            conditioning = {key: torch.as_tensor(observation[key])[None] for key in DEMONSTRATION_KEYS}
        seen = {"proprio": _filled(self._proprio), "image": _filled(self._images)}
        batch = {**{key: torch.from_numpy(value)[None] for key, value in seen.items()}, **conditioning}
        return {key: value.to(self.device) for key, value in batch.items()}


def _filled(history: deque[Any]) -> NDArray[Any]:
    """Stack a history, its first entry repeated where it is short."""
    assert history.maxlen is not None
    return np.stack([history[0]] * (history.maxlen - len(history)) + list(history))


def read_description(folder: Path) -> tuple[str, PolicyConfig, dict[str, Any]]:
    """Return kind, configuration and notes of the policy in a folder (`WeightsError` if it holds none)."""
    for name in (CONFIG_FILE, WEIGHTS_FILE):
        if not (folder / name).exists():
            raise WeightsError(f"{folder} holds no policy: {name} is missing")
    try:
        described = json.loads((folder / CONFIG_FILE).read_text())
        kind = described["kind"]
        if kind not in POLICIES:
            raise WeightsError(str(unknown_option(f"kind of policy in {folder}", kind, POLICIES)))
        return kind, POLICIES[kind](**described["policy"]), described["notes"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:  # no JSON, not UTF-8, or what does not fit
        raise WeightsError(f"{folder / CONFIG_FILE} describes no policy: {error}") from error
