"""Distillation of the sampler: a network learns to make in one step what another makes of the same noise in several.

A teacher sample is what the teacher's deterministic solver (DPM-Solver++) comes to from given noise, a clip's context
and its text, without guidance (Luhman and Luhman 2021, "Knowledge Distillation in Iterative Generative Models for
Improved Sampling Speed"). In one step it is hardly a function of the noise; a smaller network can learn it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from ...io.staging import new_array, write_text_whole
from ...models.loading import WEIGHTS_FILE
from ..encoded.latents import alone

_SEED = 7_000_003  # Seed of the first sample's noise


def teacher_noise(clips: Tensor, draws: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Return unit noise (b, *shape), a function of clip and draw."""
    seeds = [_SEED + 1009 * int(clip) + int(draw) for clip, draw in zip(clips, draws, strict=True)]
    return torch.stack([torch.randn(shape, generator=torch.Generator().manual_seed(seed)) for seed in seeds])


def weights_hash(folder: Path) -> str:
    """Return the SHA-256 of a network's weights, which tells teachers apart."""
    with (folder / WEIGHTS_FILE).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def make_teacher_samples(
    teach: Callable[[Tensor, Tensor], Tensor], shape: tuple[int, ...], folder: Path, about: str, batch: int = 4
) -> Tensor:
    """Let a teacher sample, or read what it did; a stopped call goes on where it was, a second process waits.

    `teach` gives samples (b, t, z, c, c) for noise of that shape and clips int64 (b,). All samples x_0, of k draws
    of noise a clip, are float16 of `shape` (n, k, t, z, c, c). Those in the folder about something else are made anew.
    """
    with alone(folder):
        folder.mkdir(parents=True, exist_ok=True)
        note, path = folder / "lessons.json", folder / "lessons.npy"
        wanted = {"about": about, "shape": list(shape)}
        held = json.loads(note.read_text()) if note.exists() and path.exists() else {}
        done = held.pop("done", 0) if {key: held.get(key) for key in wanted} == wanted else 0
        if not done:
            new_array(path, np.float16, shape)
        array, (clips, draws, *sample) = np.lib.format.open_memmap(path, "r+"), shape
        steps = tqdm(range(done, clips, batch), initial=done // batch, total=-(-clips // batch), desc="teacher samples")
        for first in steps:
            chosen = torch.arange(first, min(first + batch, clips))
            for draw in range(draws):
                noise = teacher_noise(chosen, torch.full_like(chosen, draw), tuple(sample))
                array[first : first + batch, draw] = teach(noise, chosen).cpu().numpy()
            if first % 64 == 0 or first + batch >= clips:
                array.flush()
                write_text_whole(note, json.dumps({**wanted, "done": min(first + batch, clips)}))
        return torch.from_numpy(np.load(path, mmap_mode="c"))
