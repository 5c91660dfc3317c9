"""Putting the weights of the trainings together into a pipeline's folder."""

from __future__ import annotations

from pathlib import Path

from diffusers import DPMSolverMultistepScheduler

from ..errors import InputError, WeightsError
from ..models.base.pretrained import load_base_autoencoder, load_base_text_encoder
from ..models.interfaces import ImageAutoencoder
from ..models.loading import load_component, load_weights
from ..models.nano.autoencoder import NanoAutoencoder
from ..pipeline import InstructionalVideoPipeline


def export_pipeline(
    autoencoder: str | Path,
    region: Path,
    clip: Path,
    output: Path,
    text_encoder: str | None = None,
    last: Path | None = None,
    masks: Path | None = None,
    extrapolation: float | None = None,
) -> InstructionalVideoPipeline:
    """Save a pipeline, its weights in half precision, and load it again.

    Args:
        autoencoder: `weights/` of an autoencoder run; at the base scale hub name or folder, as `model.autoencoder`.
        region: `weights/` of a region run.
        clip: `weights/` of a clip run.
        output: Folder to write; files of an earlier export are replaced.
        text_encoder: At the base scale hub name or folder, as `model.text_encoder`; None is nano's.
        last: `weights/` of a clip run whose network takes stage 2's last step; None leaves it to the clip's own.
        masks: `weights/` of a mask decoder's run; None lets the autoencoder decode stage 1's masks as pictures.
        extrapolation: How far stage 2's last step goes beyond its guess, in [0, 1] (`ivg.models.sampler`; nano only);
            None keeps what the clip run was told.

    Returns:
        The pipeline as users will load it.

    Raises:
        WeightsError: If weights are missing, or do not go together.
        InputError: If `extrapolation` is out of its range.
    """
    if extrapolation is not None and (not 0 <= extrapolation <= 1 or text_encoder is not None):
        raise InputError(f"extrapolation must lie in [0, 1], and is for nano only, got {extrapolation}")
    scheduler = clip / "scheduler"
    if not scheduler.exists():
        raise WeightsError(f"{scheduler} is missing: is {clip} the weights/ folder of a finished clip run?")
    words = None if text_encoder is None else load_base_text_encoder(text_encoder)
    pictures: ImageAutoencoder = (
        load_weights(NanoAutoencoder, Path(autoencoder) / "autoencoder")
        if words is None
        else load_base_autoencoder(str(autoencoder))
    )
    pipeline = InstructionalVideoPipeline(
        autoencoder=pictures,
        region_denoiser=load_component(region, "region_denoiser"),
        denoiser=load_component(clip, "denoiser"),
        scheduler=DPMSolverMultistepScheduler.from_pretrained(scheduler),
        text_encoder=None if words is None else words.model,
        tokenizer=None if words is None else words.tokenizer,
        refiner=None if last is None else load_component(last, "denoiser"),
        mask_decoder=None if masks is None else load_component(masks, "mask_decoder"),
    )
    _check_fit(pipeline)
    if extrapolation is not None:
        for network in (pipeline.denoiser, pipeline.components["refiner"]):
            if network is not None:
                network.register_to_config(extrapolation=extrapolation)
    for name in ("autoencoder", "region_denoiser", "denoiser", "refiner", "mask_decoder", "text_encoder"):
        if pipeline.components[name] is not None:
            pipeline.components[name].half()
    pipeline.save_pretrained(output)
    return InstructionalVideoPipeline.from_pretrained(output)


def _check_fit(pipeline: InstructionalVideoPipeline) -> None:
    """Refuse weights that do not go together."""
    for key in ("latent_channels", "latent_size", "text_width"):
        parts = [
            pipeline.components[name]
            for name in ("autoencoder", "region_denoiser", "denoiser", "refiner", "mask_decoder")
        ]
        held = [part.config.get(key) for part in parts if part is not None]
        if len({value for value in held if value is not None}) > 1:
            raise WeightsError(f"the weights do not go together: {key.replace('_', ' ')} of {held}")
    last, denoiser = pipeline.components["refiner"], pipeline.denoiser
    if last is not None and last.space != denoiser.space:
        raise WeightsError(
            f"the last step's samples are {last.space}, the clip's {denoiser.space}: train the last step with "
            f"train.residual_scale={denoiser.space.scale}"
        )
    clip, width = pipeline.components["text_encoder"], pipeline.denoiser.config["text_width"]
    if clip is not None and clip.config.hidden_size != width:
        raise WeightsError(
            f"the text encoder gives tokens of width {clip.config.hidden_size}, the denoiser takes {width}"
        )
