"""Generating a clip: our sampler beside the paper's, an AnimateDiff-style network and AVDC's shape, on one machine.

    python benchmarks/sampling.py [--repeats 5] [--threads 2] [--table docs/speed.md]

All make 16 frames of 128 x 128 pixels from one frame and a sentence. The paper's sampler runs on the clip network of
the packaged weights, in both stages, since the paper's have one architecture (D2 goes on from D1): 25 steps with
guidance (two evaluations a step) for the region, and again for the clip; and without guidance. The other two have
random weights and the shape that their authors give them, in diffusers' classes; of these one step is timed, and
multiplied.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from diffusers import UNet3DConditionModel, UNetMotionModel
from numpy.typing import NDArray
from report import parser, report, spread, time_alternately

from ivg.pipeline import InstructionalVideoPipeline

STEPS, GUIDANCE = 25, 7.5
TEXT = "cut the carrot"
ANIMATEDIFF_STEPS, AVDC_STEPS = 25, 100


def main() -> None:
    """Print seconds a clip and ratios."""
    options = parser(__doc__, "samplers").parse_args()
    torch.set_num_threads(options.threads)
    pipeline = InstructionalVideoPipeline.from_pretrained("nano")
    paper = with_one_network(pipeline)
    frame = kitchen_frame()
    variants: dict[str, Callable[[], object]] = {
        "ivg, as it comes": lambda: pipeline(frame, TEXT),
        "ivg, four steps": lambda: pipeline(frame, TEXT, num_inference_steps=4),
        "ivg, ten steps": lambda: pipeline(frame, TEXT, num_inference_steps=10),
        "the paper's sampler, the clip's network": lambda: paper(
            frame, TEXT, num_inference_steps=STEPS, num_region_steps=STEPS, guidance_scale=GUIDANCE
        ),
        "... without guidance": lambda: paper(frame, TEXT, num_inference_steps=STEPS, num_region_steps=STEPS),
        "AnimateDiff-style U-Net of like size": one_step(animatediff_style(), (2, 24, 16, 16, 16)),
        "AVDC's U-Net, pixels": one_step(avdc_shape(), (1, 6, 7, 128, 128)),
    }
    times = {"AnimateDiff-style U-Net of like size": ANIMATEDIFF_STEPS, "AVDC's U-Net, pixels": AVDC_STEPS}
    seconds = time_alternately(variants, options.repeats)
    ours, rows = seconds["ivg, as it comes"], []
    for name, taken in seconds.items():
        taken = taken * times.get(name, 1)
        shown = f"{np.median(taken):.2f}" + (f" ({times[name]} steps, one timed)" if name in times else "")
        rows.append([name, shown, spread(taken / ours, "{:.1f}")])
    note = (
        f"Seconds a clip, median of {options.repeats} rounds, {options.threads} threads; how many times as long as "
        "ours, with the spread. AVDC makes 7 frames, not 15; text and images are encoded and decoded in the first "
        "five rows only."
    )
    report("samplers", ["sampler", "seconds", "times ours"], rows, note, options.table)


def kitchen_frame() -> NDArray[np.uint8]:
    """Return an image (128, 128, 3) of the kitchen."""
    import gymnasium

    with gymnasium.make("ivg.envs:ivg/Kitchen-v0", task="cut the carrot", camera_size=128) as env:
        observation, _ = env.reset(seed=1_000_000)
    return np.asarray(observation["image"])


def with_one_network(pipeline: InstructionalVideoPipeline) -> InstructionalVideoPipeline:
    """Return a pipeline of the clip's network alone, which does all steps of both stages."""
    alone = {"region_denoiser": pipeline.denoiser, "refiner": None, "mask_decoder": None}
    return InstructionalVideoPipeline(**{**pipeline.components, **alone})


def animatediff_style() -> UNetMotionModel:
    """Return an image U-Net with motion modules (Guo et al. 2023), about as large as nano's denoiser."""
    return UNetMotionModel(
        sample_size=16,
        in_channels=24,
        out_channels=12,
        down_block_types=("CrossAttnDownBlockMotion", "CrossAttnDownBlockMotion", "DownBlockMotion"),
        up_block_types=("UpBlockMotion", "CrossAttnUpBlockMotion", "CrossAttnUpBlockMotion"),
        block_out_channels=(64, 96, 128),
        layers_per_block=2,
        cross_attention_dim=384,
        num_attention_heads=4,
        motion_num_attention_heads=4,
        norm_num_groups=32,
        use_motion_mid_block=True,
    ).eval()


def avdc_shape() -> UNet3DConditionModel:
    """Return a network of AVDC's shape for 128 px (Ko et al. 2023, its code): 128 channels times 1 to 5, on pixels."""
    down = ("DownBlock3D", "DownBlock3D", "DownBlock3D", "CrossAttnDownBlock3D", "CrossAttnDownBlock3D")
    up = ("CrossAttnUpBlock3D", "CrossAttnUpBlock3D", "UpBlock3D", "UpBlock3D", "UpBlock3D")
    return UNet3DConditionModel(
        sample_size=128,
        in_channels=6,
        out_channels=3,
        down_block_types=down,
        up_block_types=up,
        block_out_channels=(128, 256, 384, 512, 640),
        layers_per_block=2,
        cross_attention_dim=512,
        attention_head_dim=32,
        norm_num_groups=32,
    ).eval()


def one_step(model: Any, shape: tuple[int, ...]) -> Callable[[], object]:
    """Return what evaluates a network once; shape is (clips, channels, frames, height, width)."""
    each_frame = isinstance(model, UNetMotionModel)  # which takes the text of every frame
    text = torch.randn(shape[0] * (shape[2] if each_frame else 1), 8, model.config.cross_attention_dim)

    @torch.inference_mode()
    def step() -> object:
        return model(torch.randn(shape), 500, encoder_hidden_states=text).sample

    return step


if __name__ == "__main__":
    main()
