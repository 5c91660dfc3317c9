"""Training of stage 2: clips a second of our loop beside a plain loop over the same network.

    python benchmarks/training.py --store out/clips [--repeats 3] [--threads 2] [--table docs/speed.md]

The plain loop is diffusers' training examples written down for this network: a torch DataLoader that reads clips, then
at each step the frames through the autoencoder and the text through the text encoder, noise, prediction, mean squared
error, AdamW, a copy of the weights averaged. Ours takes latents and text that are encoded once, and its whole stage 2:
weighted errors, the region made a little wrong, Muon; without the hand structure loss, which the plain loop has not.

The third row is the network's own forward and backward pass, which no loop can do without.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from report import parser, report, spread, time_alternately
from torch.utils.data import DataLoader, Dataset

from ivg.data.clip_store import ClipStore
from ivg.models.loading import load_component
from ivg.models.nano.autoencoder import NanoAutoencoder
from ivg.models.nano.denoiser import NanoVideoDenoiser
from ivg.models.nano.text import MiniLMTextEncoder
from ivg.models.noise import STEPS, add_noise
from ivg.models.sampler import region_input
from ivg.pipeline import find_weights
from ivg.training.encoded.clips import to_model
from ivg.training.run import Run, build_stage
from ivg.training.settings import ClipConfig, DataConfig, ModelConfig
from ivg.training.trainer import Trainer

BATCH = 4


def main() -> None:
    """Print the ratio."""
    made = parser(__doc__, "training")
    made.add_argument("--store", type=Path, required=True, help="clips, as ivg-dataset render writes them")
    options = made.parse_args()
    torch.set_num_threads(options.threads)
    weights = find_weights("nano")
    with tempfile.TemporaryDirectory() as folder:
        ours = _our_loop(options.store, weights, Path(folder))
        plain = _plain_loop(options.store, weights)
        variants = {"ours": ours, "plain": plain, "network": _network_alone(weights)}
        seconds = time_alternately(variants, options.repeats)
    rows = [
        [name, spread(BATCH / seconds[key]), spread(seconds["plain"] / seconds[key])]
        for name, key in (("ivg, stage 2", "ours"), ("plain loop", "plain"), ("the network alone", "network"))
    ]
    note = (
        f"Batches of {BATCH} clips of 16 frames, 128 px, float32, {options.threads} threads, {options.repeats} rounds."
    )
    report("training", ["loop", "clips a second", "times the plain loop"], rows, note, options.table)


def _our_loop(store: Path, weights: Path, folder: Path) -> Callable[[], object]:
    config = ClipConfig(steps=1000, batch_size=BATCH, precision="no", hand_structure_weight=0.0)
    data = DataConfig(path=str(store), limit=64, cache=str(folder / "latents"))
    run = Run(config, ModelConfig(), data, folder / "run", autoencoder=weights, start=weights, device="cpu")
    torch.set_flush_denormal(True)
    return Trainer(build_stage(run), config, run.output).step


class _Clips(Dataset[dict[str, Any]]):
    """Frames, masks and text of a store's clips."""

    def __init__(self, path: Path) -> None:
        self.store = ClipStore.open(path)
        self.indices = self.store.indices_done[:64]

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, place: int) -> dict[str, Any]:
        record = self.store.read(int(self.indices[place]))
        assert record.labels is not None
        return {"frames": record.frames, "masks": (record.labels > 0).astype("float32"), "text": record.text}


def _batches(store: Path) -> Iterator[dict[str, Any]]:
    while True:
        yield from DataLoader(_Clips(store), BATCH, shuffle=True, drop_last=True)


def _plain_loop(store: Path, weights: Path) -> Callable[[], object]:
    autoencoder: NanoAutoencoder = load_component(weights, "autoencoder")
    denoiser: NanoVideoDenoiser = load_component(weights, "denoiser").train()
    average = {name: value.clone() for name, value in denoiser.state_dict().items()}
    texts, optimizer = MiniLMTextEncoder(), torch.optim.AdamW(denoiser.parameters(), 1e-4)
    alpha_bar = denoiser.noise_scheduler().alphas_cumprod
    batches = _batches(store)

    def step() -> None:
        batch = next(batches)
        with torch.no_grad():
            frames = to_model(batch["frames"].flatten(0, 1).numpy())
            latents = autoencoder.encode(frames).unflatten(0, (BATCH, -1))
            tokens, mask = texts.encode(list(batch["text"]))
        context = latents[:, 0]
        clean = denoiser.space.samples(latents, denoiser.space.reference(context, latents.shape[1]))
        timesteps, noise = torch.randint(STEPS, (BATCH,)), torch.randn(clean.shape)
        noisy = add_noise(clean, noise, alpha_bar[timesteps])
        region = region_input(batch["masks"])
        output = denoiser(noisy, timesteps, tokens, mask, context=context, region=region).sample
        optimizer.zero_grad()
        F.mse_loss(output, clean).backward()
        torch.nn.utils.clip_grad_norm_(denoiser.parameters(), 1.0)
        optimizer.step()
        for name, value in denoiser.state_dict().items():
            average[name].lerp_(value, 0.001)

    return step


def _network_alone(weights: Path) -> Callable[[], object]:
    denoiser: NanoVideoDenoiser = load_component(weights, "denoiser").train()
    frames, z, size = (int(denoiser.config[name]) for name in ("frames", "latent_channels", "latent_size"))
    noisy, context = torch.randn(BATCH, frames, z, size, size), torch.randn(BATCH, z, size, size)
    tokens = torch.randn(BATCH, 6, int(denoiser.config["text_width"]))
    region, timesteps = torch.rand(BATCH, frames, 2, size, size), torch.full((BATCH,), 498)

    def step() -> None:
        denoiser.zero_grad()
        denoiser(noisy, timesteps, tokens, context=context, region=region).sample.square().mean().backward()

    return step


if __name__ == "__main__":
    main()
