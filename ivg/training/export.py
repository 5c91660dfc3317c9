"""Weights after training: put together into a pipeline's folder, or interpolated between two runs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from diffusers import DPMSolverMultistepScheduler
from safetensors.torch import load_file, save_file

from ..errors import InputError, WeightsError
from ..io.staging import staged_output
from ..models.base.pretrained import load_base_autoencoder, load_base_text_encoder
from ..models.loading import WEIGHTS_FILE, load_component, load_weights
from ..models.nano.autoencoder import NanoAutoencoder
from ..pipeline import InstructionalVideoPipeline

_PARTS = ("autoencoder", "region_denoiser", "denoiser", "refiner", "mask_decoder")  # their sizes must agree


def export_pipeline(
    autoencoder: str | Path,
    region: str | Path,
    clip: str | Path,
    output: str | Path,
    text_encoder: str | None = None,
    refiner: str | Path | None = None,
    masks: str | Path | None = None,
    extrapolation: float | None = None,
) -> InstructionalVideoPipeline:
    """Save a pipeline, its weights in half precision, and load it again.

    Args:
        autoencoder: `weights/` of an autoencoder run; at the base scale hub name or folder, as `model.autoencoder`.
        region: `weights/` of a region run.
        clip: `weights/` of a clip run.
        output: Folder to write; files of an earlier export are replaced.
        text_encoder: At the base scale hub name or folder, as `model.text_encoder`; None is nano's.
        refiner: `weights/` of a refiner's run, which takes stage 2's last step; None leaves it to the clip's network.
        masks: `weights/` of a mask decoder's run; None lets the autoencoder decode stage 1's masks as images.
        extrapolation: How far stage 2's last step goes beyond its guess, in [0, 1] (`ivg.models.sampler`; nano only);
            None keeps the clip run's setting.

    Raises:
        WeightsError: If weights are missing, or do not go together.
        InputError: If `extrapolation` is out of its range.
    """
    if extrapolation is not None and (not 0 <= extrapolation <= 1 or text_encoder is not None):
        raise InputError(f"extrapolation must lie in [0, 1], and is for nano only, got {extrapolation}")
    scheduler = Path(clip) / "scheduler"
    if not scheduler.exists():
        raise WeightsError(f"{scheduler} is missing: is {clip} the weights/ folder of a finished clip run?")
    text = None if text_encoder is None else load_base_text_encoder(text_encoder)
    own = Path(autoencoder) / "autoencoder"
    images = load_weights(NanoAutoencoder, own) if text is None else load_base_autoencoder(str(autoencoder))
    pipeline = InstructionalVideoPipeline(
        autoencoder=images,
        region_denoiser=load_component(Path(region), "region_denoiser"),
        denoiser=load_component(Path(clip), "denoiser"),
        scheduler=DPMSolverMultistepScheduler.from_pretrained(scheduler),
        text_encoder=None if text is None else text.model,
        tokenizer=None if text is None else text.tokenizer,
        refiner=None if refiner is None else load_component(Path(refiner), "denoiser"),
        mask_decoder=None if masks is None else load_component(Path(masks), "mask_decoder"),
    )
    _check_fit(pipeline)
    if extrapolation is not None:
        for network in (pipeline.denoiser, pipeline.components["refiner"]):
            if network is not None:
                network.register_to_config(extrapolation=extrapolation)
    for name in (*_PARTS, "text_encoder"):
        if pipeline.components[name] is not None:
            pipeline.components[name].half()
    pipeline.save_pretrained(output)
    return InstructionalVideoPipeline.from_pretrained(output)


def _check_fit(pipeline: InstructionalVideoPipeline) -> None:
    for key in ("latent_channels", "latent_size", "text_width"):
        parts = [pipeline.components[name] for name in _PARTS]
        held = [part.config.get(key) for part in parts if part is not None]
        if len({value for value in held if value is not None}) > 1:
            raise WeightsError(f"the weights do not go together: {key.replace('_', ' ')} of {held}")
    refiner, denoiser = pipeline.components["refiner"], pipeline.denoiser
    if refiner is not None and refiner.space != denoiser.space:
        raise WeightsError(
            f"the refiner's samples are {refiner.space}, the clip's {denoiser.space}: train the refiner with "
            f"train.residual_scale={denoiser.space.scale}"
        )
    clip, width = pipeline.components["text_encoder"], pipeline.denoiser.config["text_width"]
    if clip is not None and clip.config.hidden_size != width:
        raise WeightsError(
            f"the text encoder gives tokens of width {clip.config.hidden_size}, the denoiser takes {width}"
        )


def interpolate_weights(start: Path, end: Path, fraction: float, output: Path) -> list[str]:
    """Write a weighted mean of two folders of weights, network by network.

    Between a fine-tuned network and the one that it started from there are often better ones than both (Wortsman et al.
    2022, "Robust fine-tuning of zero-shot models").

    Args:
        start: `weights/` that a run started from.
        end: `weights/` of that run.
        fraction: Weight of the run's weights, in [0, 1].
        output: Folder to write: the networks that both hold, with the configuration and the scheduler of `end`.

    Returns:
        Their names.

    Raises:
        IvgError: If the fraction is out of range, `output` exists, no network is in both, or one is of two sizes.
    """
    if not 0 <= fraction <= 1:
        raise InputError(f"fraction must lie in [0, 1], got {fraction}")
    held = [{path.parent.name for path in folder.glob(f"*/{WEIGHTS_FILE}")} for folder in (start, end)]
    names = sorted(held[0] & held[1])
    if not names:
        raise WeightsError(f"no network is in both: {start} holds {sorted(held[0])}, {end} holds {sorted(held[1])}")
    with staged_output(output) as stage:
        for name in names:
            (stage / name).mkdir(parents=True)
            first, second = (load_file(folder / name / WEIGHTS_FILE) for folder in (start, end))
            shapes = [{key: value.shape for key, value in weights.items()} for weights in (first, second)]
            if shapes[0] != shapes[1]:
                raise WeightsError(f"{name} of {start} and that of {end} are of different sizes")
            mean = {key: first[key].float().lerp(second[key].float(), fraction) for key in first}
            save_file(mean, stage / name / WEIGHTS_FILE, metadata={"format": "pt"})
            config = json.loads((end / name / "config.json").read_text())
            (stage / name / "config.json").write_text(json.dumps(config, indent=2))
        if (end / "scheduler").is_dir():
            shutil.copytree(end / "scheduler", stage / "scheduler")
    return names
