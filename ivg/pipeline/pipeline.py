"""The pipeline of both stages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import DiffusionPipeline, DPMSolverMultistepScheduler
from numpy.typing import NDArray
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from ..io.stopwatch import Stopwatch
from ..models.interfaces import FACTOR, ImageAutoencoder, VideoDenoiser
from ..models.nano.mask_decoder import NanoMaskDecoder
from ..types import Appearance, RegionOfMotion
from .decoding import LatentCodec
from .inputs import Inputs, check_options
from .loading import find_weights, load_components
from .output import PipelineOutput, convert_frames, gather
from .sampling import CALLBACK_TENSORS, ProgressCallback, Sampling, StepCallback, prompt_encoder


class InstructionalVideoPipeline(DiffusionPipeline):
    """Generates a clip of a hand that does what a prompt says, in the scene that an image shows.

    First the region of motion (the paper's stage 1), then the clip, conditioned on it (stage 2). At the nano scale the
    text encoder is MiniLM from its own wheel, and not saved with the pipeline; at the base scale it is CLIP's.

    Args:
        autoencoder: Between images and latents.
        region_denoiser: Stage 1.
        denoiser: Stage 2.
        scheduler: The noise schedule of the denoisers' training, and the solver.
        text_encoder: CLIP's text encoder; None takes MiniLM.
        tokenizer: Its tokenizer.
        refiner: Takes stage 2's last step, if there are as many as its `sample_steps`: a lighter network that was
            trained for the noise of that step alone. None lets the denoiser do all, which it does of any other number.
        mask_decoder: Turns stage 1's latents into masks; None lets the autoencoder decode them as images.

    Example:
        >>> pipeline = InstructionalVideoPipeline.from_pretrained("nano")
        >>> output = pipeline(image, "cut the carrot", seed=0)
        >>> output.frames.shape
        (16, 480, 640, 3)
    """

    model_cpu_offload_seq = "text_encoder->region_denoiser->denoiser->refiner->autoencoder"
    _optional_components = ["mask_decoder", "refiner", "text_encoder", "tokenizer"]  # noqa: RUF012 (diffusers' name and type)
    _callback_tensor_inputs = CALLBACK_TENSORS

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
        modules = {name: value for name, value in locals().items() if name not in ("self", "__class__")}
        self.register_modules(**modules)
        self._codec = LatentCodec(self)

    @classmethod
    def from_pretrained(  # type: ignore[override]
        cls, weights: str | Path = "nano", *, torch_dtype: torch.dtype | None = None, **hub: Any
    ) -> InstructionalVideoPipeline:
        """Load a pipeline.

        Args:
            weights: "nano", which comes with the package, a folder that `save_pretrained` wrote, or the id "owner/name"
                of a model on the hub.
            torch_dtype: Type of the weights; None is float32.
            **hub: `revision`, `cache_dir`, `local_files_only`, `token`: see `huggingface_hub.snapshot_download`.

        Raises:
            WeightsError: If there are no such weights, or they are incomplete.
        """
        pipeline = cls(**load_components(find_weights(weights, **hub)))
        _ = pipeline.encode_prompts  # so that the first call loads nothing
        if torch_dtype is not None:
            for network in pipeline.components.values():
                if isinstance(network, torch.nn.Module):
                    torch.nn.Module.to(network, torch_dtype)  # diffusers' own `to` warns without a reason
        return pipeline

    @torch.inference_mode()
    def __call__(
        self,
        image: Any,
        prompt: str | Sequence[str],
        *,
        seed: int | Sequence[int] | None = None,
        generator: torch.Generator | Sequence[torch.Generator] | None = None,
        num_inference_steps: int | None = None,
        num_region_steps: int | None = None,
        guidance_scale: float = 1.0,
        region: RegionOfMotion | Sequence[RegionOfMotion] | None = None,
        appearance: Appearance | Sequence[Appearance] | None = None,
        output_type: str = "np",
        callback_on_step_end: StepCallback | None = None,
        callback_on_step_end_tensor_inputs: Sequence[str] = ("latents",),
        progress_callback: ProgressCallback | None = None,
        region_callback: Callable[[Any], None] | None = None,
        return_dict: bool = True,
    ) -> PipelineOutput:
        """Generate a clip, or a batch of them if any of image, prompt, seed, generator, region, appearance is a list.

        Lists must be of one length; what is no list is used for every clip. Each clip of a batch equals the one made
        alone with the same seed up to rounding: latents within 1e-4, frames within one grey level, but for fewer than 1
        in 1,000 pixels, where rounding decides what counts as changed.

        Args:
            image: uint8 (h, w, 3), RGB, or a PIL image: the scene, without hands. Any size and aspect, also in a batch.
            prompt: What is to be done, such as "cut the carrot".
            seed: The same seed, on the same machine, gives the same clip; 0 if neither seed nor generator is given.
            generator: Draws the noise in place of a seed. A single one for a batch draws for its clips one by one.
            num_inference_steps: Denoising steps of the clip; None takes as many as the weights were trained for.
            num_region_steps: Denoising steps of the region; None likewise. One gives the mean of the likely masks.
            guidance_scale: Above 1, classifier-free guidance by the prompt, in region and clip, at twice the work; for
                weights that were trained with `train.drop_text`, which the packaged ones were not.
            region: Region of motion to use (16, h, w) or, the same in all frames, (1, h, w); predicted if None.
            appearance: Skin tone, size and side of the hand; drawn from the (generator's) seed if None.
            output_type: Form of the frames: "np", "pil", "pt" or "latent"; see `PipelineOutput`.
            callback_on_step_end: Called after each denoising step of both stages as `callback(pipeline, step, timestep,
                callback_kwargs)`; `callback_kwargs` holds the tensors asked for and "stage" ("region" or "clip").
                Tensors in the dict that it returns replace the pipeline's.
            callback_on_step_end_tensor_inputs: "latents" (samples x_t, `ivg.models.noise`), "prompt_embeds".
            progress_callback: Called as `callback(stage, done, total)` with the stages "region" and "clip".
            region_callback: Called with the region of motion (of a batch, a list), before the clip is made.
            return_dict: Return a `PipelineOutput` rather than a tuple of its values.

        Raises:
            InputError: If an input cannot be used.
        """
        clock = Stopwatch()
        inputs = Inputs.check(image, prompt, seed, generator, appearance, region, self.model_size, self.frames)
        steps = self.denoiser.sample_steps if num_inference_steps is None else num_inference_steps
        region_steps = self.region_denoiser.sample_steps if num_region_steps is None else num_region_steps
        step_end, step_tensors = callback_on_step_end, callback_on_step_end_tensor_inputs
        check_options(steps, region_steps, guidance_scale, output_type, step_tensors)
        sampling = Sampling(self, inputs.generators, guidance_scale, clock, progress_callback, step_end, step_tensors)
        with clock("prepare"):
            context = self._codec.encode(inputs.fit_images())
        with clock("text"):
            conditions = sampling.conditions(inputs.prompts, inputs.appearances, context)
        masks = inputs.masks
        with clock("region"):
            if masks is None:
                black = self._codec.encode_plain()[0]
                masks = self._codec.decode_regions(sampling.sample_regions(conditions, black, region_steps))
        regions = inputs.regions(masks)
        if region_callback is not None:
            region_callback(gather(regions, inputs.batched))
        with clock("clip"):
            latents = sampling.sample_clips(conditions, masks, steps)
        plain: list[Any] = list(latents.float().cpu())
        clips, composited = plain, list[Any]([None] * len(plain))
        with clock("decode"):
            if output_type != "latent":
                clips, composited = self._codec.decode_clips(inputs.images, context, latents, masks, inputs.framings)
        clock.seconds["total"] = clock.total
        output = PipelineOutput(
            frames=gather([convert_frames(clip, output_type) for clip in clips], inputs.batched),
            region=gather(regions, inputs.batched),
            composited=gather(composited, inputs.batched),
            appearance=gather(inputs.appearances, inputs.batched),
            timings=clock.seconds,
            latents=gather(plain, inputs.batched),
        )
        return output if return_dict else output.to_tuple()

    @cached_property
    def encode_prompts(self) -> Callable[[tuple[str, ...]], tuple[Tensor, Tensor]]:
        """Encodes prompts: tokens float32 (b, l, width), and bool (b, l), true where a token is."""
        return prompt_encoder(self.text_encoder, self.tokenizer)

    @property
    def model_size(self) -> int:
        """Height and width in pixels of the images that the model works on."""
        return int(self.denoiser.config["latent_size"]) * FACTOR

    @property
    def frames(self) -> int:
        """Frames of a clip."""
        return int(self.denoiser.config["frames"])

    @torch.inference_mode()
    def reconstruct(self, frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return what the autoencoder makes of frames uint8 (t, h, w, 3), at the model's size: its best case."""
        return self._codec.reconstruct(frames)
