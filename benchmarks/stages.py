"""A whole demonstration, stage by stage: where the time goes, and how near the networks are to the machine's own rate.

    python benchmarks/stages.py [--repeats 9] [--threads 2] [--table docs/speed.md]

The rate is that of float32 matrix products of 2048 x 1024 x 2048, timed in the same run.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import torch
from report import matrix_rate, parser, report, spread, time_alternately
from sampling import kitchen_frame
from torch.utils.flop_counter import FlopCounterMode

from ivg.policy import DemoGenerator
from ivg.types import FPS

FRAMES = 16
VERBS = ("push", "take", "turn", "lift")
STAGES = {
    "prepare": "fit and encode the frame",
    "text": "encode the sentence",
    "region": "stage 1: region of motion, its masks decoded",
    "clip": "stage 2: the clip's latents",
    "decode": "decode and composite",
    "hands": "find the hands",
}


def main() -> None:
    """Print seconds by stage, the whole beside the time that the clip plays, and the denoiser's rate."""
    options = parser(__doc__, "stages").parse_args()
    torch.set_num_threads(options.threads)
    frame = kitchen_frame()
    with DemoGenerator.from_pretrained("nano") as generator:
        generator(frame, "wash the cup")
        runs = [generator(frame, text, seed).provenance["timings_s"] for seed, text in sentences(options.repeats)]
        rates = np.array([denoiser_rate(generator.pipeline) / matrix_rate() for _ in range(3)])
    rows = [[words, spread(1000 * np.array([run[name] for run in runs]), "{:.0f}")] for name, words in STAGES.items()]
    whole = np.array([run["generation"] + run["hands"] for run in runs])
    rows.append(["together", spread(1000 * whole, "{:.0f}")])
    plays = FRAMES / FPS
    note = (
        f"Milliseconds, median of {options.repeats} demonstrations with the spread, {options.threads} threads. The "
        f"clip plays {plays:.0f} s; the whole takes {np.median(whole) / plays:.2f} of that. Inside stage 2's denoiser "
        f"the machine does {spread(100 * rates, '{:.0f}')} % of what it does in matrix products "
        f"({matrix_rate():.0f} GFLOP/s)."
    )
    report("stages", ["stage", "ms"], rows, note, options.table)


def sentences(count: int) -> list[tuple[int, str]]:
    """Return numbered sentences, each a new one: the same one again would not be encoded again."""
    things = ("carrot", "mug", "plate", "pot", "drawer", "knob", "sponge")
    return [(number, f"{verb} the {thing}") for number, (verb, thing) in enumerate(product(VERBS, things))][:count]


def denoiser_rate(pipeline: object, repeats: int = 10) -> float:
    """Return the operations a second (GFLOP/s) of stage 2's denoiser."""
    denoiser = pipeline.denoiser  # type: ignore[attr-defined]
    conditions = {
        "encoder_hidden_states": torch.randn(1, 6, 384),
        "context": torch.randn(1, 12, 16, 16),
        "region": torch.rand(1, 16, 2, 16, 16),
        "appearance": torch.rand(1, 5),
    }
    sample = torch.randn(1, 16, 12, 16, 16)

    @torch.inference_mode()
    def run() -> None:
        denoiser(sample, 498, **conditions)

    with FlopCounterMode(display=False) as counter:
        run()
    seconds = time_alternately({"denoiser": run}, repeats)["denoiser"]
    return counter.get_total_flops() / float(np.median(seconds)) / 1e9


if __name__ == "__main__":
    main()
