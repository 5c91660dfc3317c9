"""Putting the weights of the three trainings together into a pipeline's folder."""

from __future__ import annotations

from pathlib import Path

from diffusers import DPMSolverMultistepScheduler

from ..errors import WeightsError
from ..models.autoencoder import NanoAutoencoder
from ..models.denoiser import NanoVideoDenoiser
from ..models.weights import load_weights
from ..pipeline import InstructionalVideoPipeline


def export_pipeline(autoencoder: Path, region: Path, clip: Path, output: Path) -> InstructionalVideoPipeline:
    """Save a pipeline, its weights in half precision, and load it again.

    Args:
        autoencoder: `weights/` of an autoencoder run.
        region: `weights/` of a region run.
        clip: `weights/` of a clip run.
        output: Folder to write; files of an earlier export are replaced.

    Returns:
        The pipeline as users will load it.

    Raises:
        WeightsError: If weights are missing, or do not go together.
    """
    scheduler = clip / "scheduler"
    if not scheduler.exists():
        raise WeightsError(f"{scheduler} is missing: is {clip} the weights/ folder of a finished clip run?")
    pipeline = InstructionalVideoPipeline(
        autoencoder=load_weights(NanoAutoencoder, autoencoder / "autoencoder"),
        region_denoiser=load_weights(NanoVideoDenoiser, region / "region_denoiser"),
        denoiser=load_weights(NanoVideoDenoiser, clip / "denoiser"),
        scheduler=DPMSolverMultistepScheduler.from_pretrained(scheduler),
    )
    channels = {
        pipeline.components[name].config["latent_channels"] for name in ("autoencoder", "region_denoiser", "denoiser")
    }
    if len(channels) > 1:
        raise WeightsError(f"the weights do not go together: they have {sorted(channels)} latent channels")
    pipeline.autoencoder.half()
    pipeline.region_denoiser.half()
    pipeline.denoiser.half()
    pipeline.save_pretrained(output)
    return InstructionalVideoPipeline.from_pretrained(output)
