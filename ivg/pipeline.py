"""The generator: a frame and a sentence in, a clip of a hand doing it out."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import DiffusionPipeline, DPMSolverMultistepScheduler
from diffusers.utils import BaseOutput
from numpy.typing import NDArray
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from .compositing import change_matte, composite
from .errors import InputError, WeightsError
from .framing import Framing
from .models.base.text import ClipTextEncoder
from .models.folder import load_component, load_text_encoder
from .models.interfaces import ImageAutoencoder, TextEncoder, VideoDenoiser
from .models.nano.autoencoder import FACTOR
from .models.nano.mask_decoder import NanoMaskDecoder
from .models.nano.text import MiniLMTextEncoder
from .models.partial_decoding import changed_cells, decode_cells, whitish_cells
from .models.region_input import region_input
from .models.sampler import denoise
from .models.text_cache import CachedTextEncoder
from .region.postprocess import clean_region
from .texts import check_text
from .types import FPS, Appearance, RegionOfMotion, check_seed

Progress = Callable[[str, int, int], None]
"""Called as `progress(stage, done, total)`; stages are "region" and "clip"."""

LAST = "refiner"
"""Folder of the network that takes stage 2's last step."""

MASKS = "mask_decoder"
"""Folder of the network that decodes stage 1's masks."""

PACKAGED = ("nano",)
"""Names of the weights that come with the package."""


@dataclass
class PipelineOutput(BaseOutput):
    """What the pipeline returns; h and w are the input's.

    Attributes:
        clip: uint8 (16, h, w, 3); frame 0 is the input.
        region: The region of motion that the clip was generated with (16, h, w).
        composited: bool (16, h, w), true where a frame may differ from the input.
        appearance: The person that the clip shows.
        timings: Seconds by phase ("prepare", "text", "region", "clip", "decode", "total"), and of a single denoising
            step on average ("region_step", "clip_step").
        latents: float32 (16, z, s/8, s/8), the generated clip's.
        fps: Frames per second.
    """

    clip: NDArray[np.uint8]
    region: RegionOfMotion
    composited: NDArray[np.bool_]
    appearance: Appearance
    timings: dict[str, float]
    latents: Tensor
    fps: float = FPS


@dataclass
class _Clock:
    """Times of the phases."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - began


@dataclass(frozen=True, eq=False)
class _Sampling:
    """What both stages sample with: where noise comes from, the guidance, whom progress is told, the clock."""

    generator: torch.Generator
    guidance_scale: float
    report: Progress
    clock: _Clock


class InstructionalVideoPipeline(DiffusionPipeline):
    """Generates a clip of a hand that does what a text says, in the scene that a frame shows.

    First the region of motion (the paper's stage 1), then the clip, conditioned on it (stage 2). At the nano scale the
    text encoder is MiniLM from its own wheel, and not saved with the pipeline; at the base scale it is CLIP's.

    Args:
        autoencoder: Between pictures and latents.
        region_denoiser: Stage 1.
        denoiser: Stage 2.
        last_denoiser: Takes stage 2's last step, if there are as many as its `sample_steps`: a lighter network that was
            trained for the noise of that step alone. None lets the denoiser do all, which it does of any other number.
        mask_decoder: Turns stage 1's latents into masks; None lets the autoencoder decode them as pictures.
        scheduler: The noise schedule of the denoisers' training, and the solver.
        text_encoder: CLIP's text encoder; None takes MiniLM.
        tokenizer: Its tokenizer.

    Example:
        >>> pipeline = InstructionalVideoPipeline.from_pretrained("nano")
        >>> output = pipeline(frame, "cut the carrot", seed=0)
        >>> output.clip.shape
        (16, 480, 640, 3)
    """

    model_cpu_offload_seq = "text_encoder->region_denoiser->denoiser->last_denoiser->autoencoder"
    _optional_components = ["mask_decoder", "refiner", "text_encoder", "tokenizer"]  # noqa: RUF012 (diffusers' name and type)

    def __init__(
        self,
        autoencoder: ImageAutoencoder,
        region_denoiser: VideoDenoiser,
        denoiser: VideoDenoiser,
        scheduler: DPMSolverMultistepScheduler,
        text_encoder: CLIPTextModel | None = None,
        tokenizer: CLIPTokenizer | None = None,
        refiner: VideoDenoiser | None = None,
        mask_decoder: NanoMaskDecoder | None = None,
    ) -> None:
        super().__init__()
        self.register_modules(
            autoencoder=autoencoder,
            region_denoiser=region_denoiser,
            denoiser=denoiser,
            scheduler=scheduler,
            text_encoder=text_encoder,
            tokenizer=tokenizer,
            refiner=refiner,
            mask_decoder=mask_decoder,
        )
        self._texts: TextEncoder | None = None
        self._plain: tuple[tuple[Any, ...], Tensor] | None = None

    @classmethod
    def from_pretrained(cls, weights: str | Path = "nano", **options: Any) -> InstructionalVideoPipeline:  # type: ignore[override]
        """Load a pipeline.

        Args:
            weights: "nano", which comes with the package, or a folder that `save_pretrained` wrote.
            **options: None is known; anything given is refused.

        Raises:
            WeightsError: If there are no such weights, or they are incomplete.
        """
        if options:
            raise InputError(f"from_pretrained takes weights only, not {', '.join(sorted(options))}")
        folder = find_weights(weights)
        if not (folder / "scheduler" / "scheduler_config.json").exists():
            raise WeightsError(f"{folder} holds no scheduler: scheduler/scheduler_config.json is missing")
        text_encoder = load_text_encoder(folder)
        pipeline = cls(
            autoencoder=load_component(folder, "autoencoder"),
            region_denoiser=load_component(folder, "region_denoiser"),
            denoiser=load_component(folder, "denoiser"),
            scheduler=DPMSolverMultistepScheduler.from_pretrained(folder / "scheduler"),
            text_encoder=None if text_encoder is None else text_encoder.model,
            tokenizer=None if text_encoder is None else text_encoder.tokenizer,
            refiner=load_component(folder, LAST) if (folder / LAST).is_dir() else None,
            mask_decoder=load_component(folder, MASKS) if (folder / MASKS).is_dir() else None,
        )
        pipeline._texts = CachedTextEncoder(text_encoder or MiniLMTextEncoder())
        return pipeline

    @torch.inference_mode()
    def __call__(
        self,
        frame: NDArray[np.uint8],
        text: str,
        *,
        seed: int = 0,
        appearance: Appearance | None = None,
        steps: int | None = None,
        region_steps: int | None = None,
        guidance_scale: float = 1.0,
        region: RegionOfMotion | None = None,
        progress: Progress | None = None,
        on_region: Callable[[RegionOfMotion], None] | None = None,
    ) -> PipelineOutput:
        """Generate a clip.

        Args:
            frame: uint8 (h, w, 3), RGB: the scene, without hands. Any size and aspect.
            text: What is to be done, such as "cut the carrot".
            seed: The same seed, on the same machine, gives the same clip.
            appearance: Skin tone, size and side of the hand; drawn from the seed if None.
            steps: Denoising steps of the clip; None takes as many as the weights were trained for.
            region_steps: Denoising steps of the region; None likewise. One step gives the mean of the likely masks.
            guidance_scale: Above 1, classifier-free guidance by the text, in region and clip, at twice the work; for
                weights that were trained with `train.drop_text`, which the packaged ones were not.
            region: Region of motion to use (16, h, w) or, the same in all frames, (1, h, w); predicted if None.
            progress: Called as `progress(stage, done, total)` with the stages "region" and "clip".
            on_region: Called with the region of motion (16, h, w) as soon as it is known, before the clip is made.

        Returns:
            The clip, with all that led to it.

        Raises:
            InputError: If the frame, the text, the seed, the steps, the guidance or the region cannot be used.
        """
        began, clock = time.perf_counter(), _Clock()
        frame, text, seed = check_frame(frame), check_text(text), check_seed(seed)
        steps = self.denoiser.sample_steps if steps is None else steps
        region_steps = self.region_denoiser.sample_steps if region_steps is None else region_steps
        if steps < 1 or region_steps < 1:
            raise InputError(f"steps must be at least 1, got {steps}, and {region_steps} for the region")
        if not 1 <= guidance_scale < math.inf:
            raise InputError(f"guidance_scale must be a number of at least 1 (1 is none), got {guidance_scale}")
        appearance = appearance or Appearance.sample(seed)
        report = progress or (lambda stage, done, total: None)
        sampling = _Sampling(torch.Generator().manual_seed(seed), guidance_scale, report, clock)

        # 1. Fit the frame to the model's size and encode it.
        with clock.phase("prepare"):
            framing = Framing(frame.shape[0], frame.shape[1], self.model_size)
            given = None if region is None else self._check_region(region, framing)
            context = self._encode(framing.fit(frame)[None])

        # 2. Encode the text.
        with clock.phase("text"):
            conditions = self._conditions(text, context, appearance)

        # 3. Stage 1: where the hand will move.
        with clock.phase("region"):
            masks = given
            if masks is None:
                masks = self._predict_region(conditions, region_steps, sampling)
        found = RegionOfMotion(np.stack([framing.back_mask(mask) for mask in masks]))
        if on_region is not None:
            on_region(found)

        # 4. Stage 2: the clip's latents, given the region.
        with clock.phase("clip"):
            latents = self._generate_clip(conditions, masks, steps, sampling)

        # 5. Decode, and put what has changed into the input.
        with clock.phase("decode"):
            clip, composited = self._decode(frame, context, latents, masks, framing)

        clock.seconds["total"] = time.perf_counter() - began
        return PipelineOutput(
            clip=clip,
            region=found,
            composited=composited,
            appearance=appearance,
            timings=clock.seconds,
            latents=latents[0].float().cpu(),
        )

    @property
    def model_size(self) -> int:
        """Height and width in pixels of the pictures that the model works on."""
        return int(self.denoiser.config["latent_size"]) * FACTOR

    @property
    def frames(self) -> int:
        """Frames of a clip."""
        return int(self.denoiser.config["frames"])

    @torch.inference_mode()
    def reconstruct(self, frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return what the autoencoder makes of frames uint8 (t, h, w, 3), at the model's size: its best case."""
        framing = Framing(frames.shape[1], frames.shape[2], self.model_size)
        decoded = [self._to_pictures(self._encode(framing.fit(check_frame(frame))[None]))[0] for frame in frames]
        back = np.stack([framing.back(picture) for picture in decoded])
        return np.asarray(np.clip(np.rint(back * 255), 0, 255).astype(np.uint8))

    def _encode(self, pictures: NDArray[np.uint8]) -> Tensor:
        """Encode pictures (n, s, s, 3) to latents (n, z, c, c)."""
        values = torch.from_numpy(pictures).to(self.device).permute(0, 3, 1, 2).to(self.autoencoder.dtype)
        latents: Tensor = self.autoencoder.encode(values / 127.5 - 1)
        return latents

    def _encode_plain(self) -> Tensor:
        """Return the latents (2, z, c, c) of a black and a white picture, encoded once for an autoencoder."""
        of = (self.autoencoder, self.autoencoder.dtype, self.device, self.model_size)
        if self._plain is None or self._plain[0] != of:
            size = self.model_size
            self._plain = of, self._encode(np.stack([np.full((size, size, 3), grey, np.uint8) for grey in (0, 255)]))
        return self._plain[1]

    def _to_pictures(self, latents: Tensor) -> NDArray[np.float32]:
        """Decode latents (n, z, c, c) to pictures (n, s, s, 3) in [0, 1]."""
        pictures = (self.autoencoder.decode(latents.to(self.autoencoder.dtype)).float() + 1) / 2
        return np.ascontiguousarray(pictures.clamp(0, 1).permute(0, 2, 3, 1).cpu().numpy())

    def _to_masks(self, latents: Tensor, black: Tensor, white: Tensor) -> NDArray[np.float32]:
        """Decode latents (n, z, c, c) to masks (n, s, s) in [0, 1]; what is far below a half may be 0."""
        if self.mask_decoder is not None:
            return np.asarray(self.mask_decoder.decode(latents.to(self.mask_decoder.dtype)).cpu().numpy())
        if not self.autoencoder.local:
            return self._to_pictures(latents).mean(-1)
        latents, nothing = latents.to(black.dtype), np.zeros((self.model_size, self.model_size, 3), np.float32)
        return decode_cells(self._to_pictures, latents, whitish_cells(latents, black, white), nothing).mean(-1)

    def _to_frames(self, latents: Tensor, context: Tensor, still: NDArray[np.float32]) -> NDArray[np.float32]:
        """Decode latents (n, z, c, c) to pictures (n, s, s, 3), given the context's latents and picture (s, s, 3)."""
        if not self.autoencoder.local:
            return self._to_pictures(latents)
        latents = latents.to(context.dtype)
        return decode_cells(self._to_pictures, latents, changed_cells(latents, context), still)

    def _conditions(self, text: str, context: Tensor, appearance: Appearance) -> dict[str, Tensor]:
        """Return what both denoisers are told."""
        if self._texts is None:
            clip = self.text_encoder is not None
            own = ClipTextEncoder(self.text_encoder, self.tokenizer) if clip else MiniLMTextEncoder()
            self._texts = CachedTextEncoder(own)
        tokens, mask = self._texts.encode([text])
        values = {
            "encoder_hidden_states": tokens.to(self.denoiser.dtype),
            "encoder_attention_mask": mask,
            "context": context.to(self.denoiser.dtype),
            "appearance": torch.from_numpy(appearance.vector)[None].to(self.denoiser.dtype),
        }
        device = self.device  # found anew, module by module, each time
        return {name: value.to(device) for name, value in values.items()}

    def _predict_region(self, conditions: dict[str, Tensor], steps: int, sampling: _Sampling) -> NDArray[np.bool_]:
        """Sample the masks, decode and clean them: bool (t, s, s)."""
        black, white = self._encode_plain()
        reference = self.region_denoiser.space.reference(conditions["context"], self.frames, black)
        networks = [self.region_denoiser] * steps
        latents = self._sample(networks, reference, conditions, sampling, "region")
        masks = self._to_masks(latents[0, 1:], black, white)
        probability = np.concatenate([np.zeros_like(masks[:1]), masks])  # the context frame shows no hand
        return clean_region(probability).per_frame

    def _generate_clip(
        self, conditions: dict[str, Tensor], masks: NDArray[np.bool_], steps: int, sampling: _Sampling
    ) -> Tensor:
        """Sample the latents (1, t, z, c, c) of the clip."""
        region = region_input(torch.from_numpy(masks.astype(np.float32))[None]).to(conditions["context"])
        reference = self.denoiser.space.reference(conditions["context"], self.frames)
        told = {**conditions, "region": region}
        networks = [self.denoiser] * steps
        if self.refiner is not None and steps == self.refiner.sample_steps:
            networks[-1] = self.refiner
        return self._sample(networks, reference, told, sampling, "clip")

    def _sample(
        self,
        networks: list[VideoDenoiser],
        reference: Tensor,
        conditions: dict[str, Tensor],
        sampling: _Sampling,
        stage: str,
    ) -> Tensor:
        """Sample latents from the noised context (Eq. 1; as residuals or not, `ivg.models.noise`), a network a step."""
        scheduler, steps, last = self.scheduler, len(networks), networks[-1]
        scheduler.set_timesteps(steps)
        noise = torch.randn(reference.shape, generator=sampling.generator, dtype=torch.float32)
        x = last.space.start(conditions["context"].float(), noise.to(self.device), scheduler)
        began = time.perf_counter()
        sampling.report(stage, 0, steps)
        x = denoise(
            networks,
            scheduler,
            x,
            conditions,
            last.extrapolation,
            sampling.guidance_scale,
            lambda done: sampling.report(stage, done, steps),
        )
        sampling.clock.seconds[f"{stage}_step"] = (time.perf_counter() - began) / steps
        return last.space.latents(x, reference.float())

    def _decode(
        self,
        frame: NDArray[np.uint8],
        context: Tensor,
        latents: Tensor,
        masks: NDArray[np.bool_],
        framing: Framing,
    ) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Return the clip (t, h, w, 3) and where it may differ from the input (t, h, w)."""
        still = self._to_pictures(context)[0]
        generated = self._to_frames(latents[0, 1:], context[0], still)

        def put_in(picture: NDArray[np.float32], mask: NDArray[np.bool_]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
            change = picture - still
            return composite(frame, picture, change, change_matte(change, mask), framing)

        with ThreadPoolExecutor(max(1, torch.get_num_threads())) as pool:
            frames, touched = zip(*pool.map(put_in, generated, masks[1:]), strict=True)
        return np.stack([frame, *frames]), np.stack([np.zeros(frame.shape[:2], bool), *touched])

    def _check_region(self, region: RegionOfMotion, framing: Framing) -> NDArray[np.bool_]:
        """Fit a given region to the model's size, bool (t, s, s)."""
        masks = region.per_frame
        expected = (self.frames, framing.height, framing.width)
        if masks.shape not in (expected, (1, *expected[1:])):
            raise InputError(f"region must have shape {expected}, or 1 mask for all frames, got {masks.shape}")
        fitted = np.stack([framing.fit_mask(mask) for mask in masks])
        return np.broadcast_to(fitted, (self.frames, *fitted.shape[1:])).copy()


def check_frame(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the frame if it is one.

    Raises:
        InputError: If it is no uint8 array (h, w, 3) of at least 16 x 16 pixels.
    """
    if not isinstance(frame, np.ndarray):
        raise InputError(f"frame must be a numpy array, got {type(frame).__name__}")
    if frame.dtype != np.uint8:
        raise InputError(f"frame must have dtype uint8 (values 0 to 255), got {frame.dtype}")
    if frame.ndim != 3 or frame.shape[2] != 3:
        raise InputError(f"frame must have shape (h, w, 3), RGB, got {frame.shape}")
    if min(frame.shape[:2]) < 16:
        raise InputError(f"frame must have at least 16 x 16 pixels, got {frame.shape[0]} x {frame.shape[1]}")
    return frame


def find_weights(weights: str | Path) -> Path:
    """Return the folder of weights, given by a packaged name or as a folder.

    Raises:
        WeightsError: If there is no such name or folder.
    """
    folder = Path(weights)
    if str(weights) in PACKAGED:
        folder = Path(__file__).parent / "weights" / str(weights)
    if not folder.is_dir():
        options = ", ".join(repr(name) for name in PACKAGED)
        raise WeightsError(f"no weights {str(weights)!r}; give {options} or a folder that save_pretrained wrote")
    return folder


def sample_steps(weights: str | Path) -> tuple[int, int]:
    """Return the denoising steps of clip and region that weights are sampled in if not told otherwise.

    Args:
        weights: As `InstructionalVideoPipeline.from_pretrained` takes them.

    Raises:
        WeightsError: If there are no such weights, or they are incomplete.
    """
    folder = find_weights(weights)
    return tuple(load_component(folder, name).sample_steps for name in ("denoiser", "region_denoiser"))  # type: ignore[return-value]
