"""How the denoiser's time and memory grow with frames, resolution and batch.

    python benchmarks/growth.py [--repeats 5] [--threads 2] [--table docs/speed.md]

Networks of nano's shape with random weights; one evaluation. Each row changes one thing of the first one's.
"""

from __future__ import annotations

import multiprocessing

import torch
from report import memory_mib, parser, report, spread, time_alternately

from ivg.models.nano.denoiser import NanoVideoDenoiser

CASES = (
    (1, 16, 128),
    (1, 8, 128),
    (1, 32, 128),
    (1, 16, 192),
    (1, 16, 256),
    (2, 16, 128),
    (4, 16, 128),
)
"""Clips at once, frames, pixels."""


def main() -> None:
    """Print ratios of time, and memory."""
    options = parser(__doc__, "growth").parse_args()
    torch.set_num_threads(options.threads)
    seconds = time_alternately({str(case): _evaluation(*case) for case in CASES}, options.repeats)
    first, rows = seconds[str(CASES[0])], []
    for case in CASES:
        ratio = spread(seconds[str(case)] / first)
        rows.append([*map(str, case), ratio, f"{_memory(case):.0f}"])
    note = (
        f"Time of one evaluation beside the first row's, median of {options.repeats} rounds with the spread; memory is "
        "what a process's peak grows by at the evaluation."
    )
    report("growth", ["clips", "frames", "pixels", "time", "MiB"], rows, note, options.table)


def _evaluation(clips: int, frames: int, pixels: int):  # type: ignore[no-untyped-def]
    size = pixels // 8
    denoiser = NanoVideoDenoiser(latent_size=size, frames=frames).eval()
    text, context = torch.randn(clips, 6, 384), torch.randn(clips, 12, size, size)
    sample = torch.randn(clips, frames, 12, size, size)

    @torch.inference_mode()
    def run() -> None:
        denoiser(sample, 500, text, context=context)

    return run


def _memory(case: tuple[int, int, int]) -> float:
    """Return MiB that an evaluation takes, measured in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_grown, (case,))


def _grown(case: tuple[int, int, int]) -> float:
    run = _evaluation(*case)
    before = memory_mib("VmHWM")  # `getrusage` would count the parent's, too
    run()
    return memory_mib("VmHWM") - before


if __name__ == "__main__":
    main()
