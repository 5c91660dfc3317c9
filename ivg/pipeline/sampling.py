"""Sampling latents of a stage, with the callbacks that diffusers' users know."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from diffusers.utils.torch_utils import randn_tensor
from numpy.typing import NDArray
from torch import Tensor

from ..io.stopwatch import Stopwatch
from ..models.base.encoders import ClipTextEncoder
from ..models.interfaces import VideoDenoiser
from ..models.nano.text import MiniLMTextEncoder
from ..models.sampler import denoise, region_input
from ..types import Appearance

ProgressCallback = Callable[[str, int, int], None]  # with the stage ("region" or "clip"), and steps done and in all

StepCallback = Callable[[Any, int, Any, dict[str, Any]], "dict[str, Any] | None"]
"""Called as `callback(pipeline, step, timestep, callback_kwargs)`, as diffusers defines it."""

PROMPTS_KEPT = 256  # batches of prompts whose tokens are kept, the latest
CALLBACK_TENSORS = ("latents", "prompt_embeds")  # tensors that a step callback can get and replace


def prompt_encoder(text_encoder: Any, tokenizer: Any) -> Callable[[tuple[str, ...]], tuple[Tensor, Tensor]]:
    """Return what encodes prompts: CLIP or, if there is no text encoder, MiniLM; the latest results are kept."""
    own = MiniLMTextEncoder() if text_encoder is None else ClipTextEncoder(text_encoder, tokenizer)
    return lru_cache(PROMPTS_KEPT)(own.encode)


@dataclass(frozen=True, eq=False)
class Sampling:
    """What both stages sample with."""

    pipeline: Any  # the pipeline; its scheduler is used, and step callbacks get it
    generators: list[torch.Generator]  # of the clips' noise
    guidance_scale: float  # see `ivg.models.sampler.guided`
    clock: Stopwatch  # takes the seconds of a step
    progress: ProgressCallback | None
    step_end: StepCallback | None
    step_tensors: Sequence[str]  # names of the tensors that the step callback gets

    def conditions(self, prompts: list[str], appearances: list[Appearance], context: Tensor) -> dict[str, Tensor]:
        """Return the conditioning tensors of both denoisers, given the context images' latents (b, z, c, c)."""
        tokens, mask = self.pipeline.encode_prompts(tuple(prompts))
        vectors = np.stack([appearance.vector for appearance in appearances])
        device, dtype = self.pipeline.device, self.pipeline.denoiser.dtype
        return {
            "encoder_hidden_states": tokens.to(device, dtype),
            "encoder_attention_mask": mask.to(device),
            "context": context.to(device, dtype),
            "appearance": torch.from_numpy(vectors).to(device, dtype),
        }

    def sample_regions(self, conditions: dict[str, Tensor], black: Tensor, steps: int) -> Tensor:
        """Stage 1: sample the latents (b, t, z, c, c) of masks, given those of a black image (z, c, c)."""
        network = self.pipeline.region_denoiser
        reference = network.space.reference(conditions["context"], self.pipeline.frames, black)
        return self._sample("region", [network] * steps, reference, conditions)

    def sample_clips(self, conditions: dict[str, Tensor], masks: list[NDArray[np.bool_]], steps: int) -> Tensor:
        """Stage 2: sample the latents (b, t, z, c, c) of clips, given regions of motion (t, s, s)."""
        network, refiner = self.pipeline.denoiser, self.pipeline.refiner
        region = region_input(torch.from_numpy(np.stack(masks).astype(np.float32))).to(conditions["context"])
        reference = network.space.reference(conditions["context"], self.pipeline.frames)
        networks = [network] * steps
        if refiner is not None and steps == refiner.sample_steps:
            networks[-1] = refiner
        return self._sample("clip", networks, reference, {**conditions, "region": region})

    def _sample(
        self, stage: str, networks: list[VideoDenoiser], reference: Tensor, conditions: dict[str, Tensor]
    ) -> Tensor:
        """Sample latents from the noised context (Eq. 1), with one network a step, all for the same kind of samples.

        Reference and result are (b, t, z, c, c); see `ivg.models.noise`.
        """
        scheduler, steps, last = self.pipeline.scheduler, len(networks), networks[-1]
        scheduler.set_timesteps(steps)
        noise = randn_tensor(reference.shape, self.generators, self.pipeline.device, torch.float32)
        x = last.space.start(conditions["context"].float(), noise, scheduler)
        conditions = dict(conditions)  # a step callback may change it

        def step_end(step: int, timestep: Tensor, x: Tensor) -> Tensor:
            if self.step_end is not None:
                tensors = {"latents": x, "prompt_embeds": conditions["encoder_hidden_states"]}
                kwargs = {"stage": stage, **{name: tensors[name] for name in self.step_tensors}}
                changed = self.step_end(self.pipeline, step, timestep, kwargs) or {}
                conditions["encoder_hidden_states"] = changed.get("prompt_embeds", tensors["prompt_embeds"])
                x = changed.get("latents", x)
            self._report(stage, step + 1, steps)
            return x

        began = time.perf_counter()
        self._report(stage, 0, steps)
        x = denoise(networks, scheduler, x, conditions, last.extrapolation, self.guidance_scale, step_end)
        self.clock.seconds[f"{stage}_step"] = (time.perf_counter() - began) / steps
        return last.space.latents(x, reference.float())

    def _report(self, stage: str, done: int, total: int) -> None:
        if self.progress is not None:
            self.progress(stage, done, total)
