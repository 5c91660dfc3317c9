"""Both scales on one code path: stop and resume, several processes, export; tiny networks of random weights."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from ivg.errors import ConfigError, WeightsError
from ivg.pipeline import InstructionalVideoPipeline
from ivg.training.export import export_pipeline
from ivg.training.run import Run, build_stage, train_stage
from ivg.training.settings import (
    AutoencoderConfig,
    BaseModelConfig,
    ClipConfig,
    DataConfig,
    ModelConfig,
    RegionConfig,
    RunConfig,
)
from ivg.training.stage import StepRandom
from ivg.training.stages.denoising import DenoiserStage
from ivg.training.trainer import Trainer

NANO = ModelConfig(
    autoencoder={
        "latent_channels": 4,
        "encoder_widths": [8, 8, 16],
        "decoder_widths": [8, 8, 16],
        "encoder_depth": 1,
        "decoder_depth": 1,
    },
    denoiser={
        "latent_channels": 4,
        "latent_size": 4,
        "widths": [8, 16, 24],
        "embedding_width": 16,
        "heads": [1, 2, 2],
    },
)
QUICK: dict[str, Any] = {"steps": 4, "precision": "no", "warmup_steps": 1, "batch_size": 2, "optimizer": "adamw"}
MakeRun = Callable[..., Run]


@pytest.fixture(scope="session")
def make_run(blob_store: Path, tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> MakeRun:
    """Return a function that describes a run of a scale; the nano scale gets an autoencoder of random weights."""
    from ivg.models.nano.autoencoder import NanoAutoencoder

    weights = tmp_path_factory.mktemp("autoencoder")
    torch.manual_seed(0)
    NanoAutoencoder(**NANO.autoencoder).save_pretrained(weights / "autoencoder")
    name = str(tiny_base)
    base = BaseModelConfig(autoencoder=name, text_encoder=name, denoiser=name, size=32)

    def make(scale: str, train: RunConfig, output: Path, **more: Any) -> Run:
        nano = scale == "nano"
        return Run(
            train=train,
            model=NANO if nano else base,
            data=DataConfig(path=str(blob_store)),
            output=output,
            autoencoder=weights if nano else None,
            device="cpu",
            **more,
        )

    return make


def _saved(run: Path) -> dict[str, torch.Tensor]:
    """All that a run's checkpoint holds."""
    parts = ("model", "average", "optimizer")
    return {
        f"{part}/{name}": value
        for part in parts
        for name, value in load_file(run / "checkpoint" / f"{part}.safetensors").items()
    }


@pytest.mark.parametrize(
    ("scale", "kind", "optimizer"),
    [
        ("nano", RegionConfig, "muon"),
        ("nano", ClipConfig, "adamw"),
        ("base", RegionConfig, "adamw"),
        ("base", ClipConfig, "adamw"),
    ],
)
def test_two_steps_and_two_resumed_are_four_to_the_bit(
    make_run: MakeRun, tmp_path: Path, scale: str, kind: type[RunConfig], optimizer: str
) -> None:
    config = kind(**{**QUICK, "optimizer": optimizer}, accumulate=2)
    train_stage(make_run(scale, config, tmp_path / "whole"))
    torch.set_flush_denormal(True)  # as Trainer.run does
    broken = make_run(scale, config, tmp_path / "broken")
    torch.manual_seed(config.seed)
    stopped = Trainer(build_stage(broken), config, broken.output)
    for _ in range(2):
        stopped.step()
    stopped.save()
    torch.set_flush_denormal(False)
    start = _saved(tmp_path / "broken")
    train_stage(make_run(scale, config, tmp_path / "broken", resume=True))
    whole, resumed = _saved(tmp_path / "whole"), _saved(tmp_path / "broken")
    assert whole.keys() == resumed.keys()
    for name, value in whole.items():
        assert torch.equal(value, resumed[name]), name
    assert any(not torch.equal(value, whole[name]) for name, value in start.items())
    assert json.loads((tmp_path / "broken" / "checkpoint" / "progress.json").read_text())["step"] == 4


@pytest.mark.slow
@pytest.mark.parametrize(("scale", "optimizer"), [("nano", "muon"), ("base", "adamw")])
def test_two_processes_train_like_one(
    make_run: MakeRun, blob_store: Path, tmp_path: Path, scale: str, optimizer: str
) -> None:
    """The same global batch of 4: two processes under accelerate (gloo), or one that accumulates two batches of 2.

    Gradients are summed in another order, so the weights may differ by float32's rounding: 1e-6, at a learning rate
    of 1e-3.
    """
    quick = {**QUICK, "optimizer": optimizer}
    alone = make_run(scale, RegionConfig(**quick, accumulate=2), tmp_path / "one")
    values = {
        "device": "cpu",
        **{f"train.{name}": value for name, value in quick.items()},
        "train.precision": "'no'",
        "train.minutes": "null",
    }
    if isinstance(alone.model, BaseModelConfig):
        values |= {f"model.{name}": alone.model.denoiser for name in ("autoencoder", "text_encoder", "denoiser")}
    else:
        values |= {"autoencoder": alone.autoencoder}
    model = f"model={'tiny' if scale == 'nano' else 'base_tiny'}"
    for name in ("one", "two"):  # of their own: both encode them, with one thread, which sums in one order
        shutil.copytree(blob_store, tmp_path / f"clips-{name}")
    own = {"data.path": tmp_path / "clips-two", "output": tmp_path / "two", "train.accumulate": 1}
    _launch(2, "train=region", model, *_overrides({**values, **own}))
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    train_stage(replace(alone, data=DataConfig(path=str(tmp_path / "clips-one"))))
    torch.set_num_threads(before)
    one, two = _saved(tmp_path / "one"), _saved(tmp_path / "two")
    assert one.keys() == two.keys()
    largest = max(float((value - two[name]).abs().max()) for name, value in one.items())
    assert largest <= 1e-6, largest
    print(f"{scale}: {largest=}")
    lines = [json.loads(line) for line in (tmp_path / "two" / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [4, 4]  # one process writes: the means, and the held-out figures
    assert (tmp_path / "two" / "weights" / "region_denoiser" / "config.json").exists()


def _overrides(values: dict[str, Any]) -> list[str]:
    """Hydra's words for the settings of the run to compare with that the files of configs/ have otherwise."""
    different = {name: value for name, value in vars(RegionConfig(steps=1)).items() if name not in QUICK}
    skipped = {"stage", "minutes", "accumulate"}
    rest = {f"train.{name}": value for name, value in different.items() if name not in skipped}
    return [f"{name}={'null' if value is None else value}" for name, value in {**rest, **values}.items()]


def _launch(processes: int, *arguments: str) -> None:
    """Run `ivg-train` in several processes, as `accelerate launch` and `torchrun` do."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    torchrun = ["-m", "torch.distributed.run", f"--nproc_per_node={processes}", f"--master_port={port}"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        [sys.executable, *torchrun, "-m", "ivg.cli.train", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def test_the_base_stages_end_in_a_pipeline_that_runs(make_run: MakeRun, tiny_base: Path, tmp_path: Path) -> None:
    quick = {**QUICK, "steps": 1}
    train_stage(make_run("base", RegionConfig(**quick), tmp_path / "region"))
    start = tmp_path / "region" / "weights"
    train_stage(make_run("base", ClipConfig(**quick), tmp_path / "clip", start=start))
    pipeline = export_pipeline(
        str(tiny_base), start, tmp_path / "clip" / "weights", tmp_path / "weights", text_encoder=str(tiny_base)
    )
    index = json.loads((tmp_path / "weights" / "model_index.json").read_text())
    assert index["denoiser"] == ["ivg.models.base.denoiser", "BaseVideoDenoiser"]
    assert index["text_encoder"] == ["transformers", "CLIPTextModel"]
    frame = np.full((40, 32, 3), 90, np.uint8)
    output = pipeline(frame, "push the disc", num_inference_steps=2)
    assert output.frames.shape == (16, 40, 32, 3)
    assert pipeline.scheduler.config["prediction_type"] == "epsilon"
    again = InstructionalVideoPipeline.from_pretrained(tmp_path / "weights")
    assert (again(frame, "push the disc", num_inference_steps=2).frames == output.frames).all()
    assert not torch.equal(
        again(frame, "lift it", num_inference_steps=2).latents, output.latents
    )  # CLIP's text arrives
    for config in (tmp_path / "weights").rglob("*.json"):
        assert str(tmp_path) not in config.read_text()


def test_at_the_base_scale_the_noise_loss_is_the_error_of_the_noise(make_run: MakeRun, tmp_path: Path) -> None:
    config = RegionConfig(**QUICK, background_weight=1, region_weight=0, hand_weight=0, moved_weight=0)
    stage = build_stage(make_run("base", config, tmp_path))
    assert isinstance(stage, DenoiserStage)
    batch = stage.batch(StepRandom(0, 0))
    assert not batch.reference.any()  # latents themselves
    with torch.no_grad():
        stage.model.eval()
        loss = stage.noise_loss(batch, stage.predict(stage.model, batch))
        output = stage.model(batch.noisy, batch.timesteps, **batch.conditions).sample
    alpha_bar = stage.alpha_bar[batch.timesteps]
    a = alpha_bar.view(-1, 1, 1, 1, 1)
    noise = (batch.noisy - a.sqrt() * batch.clean) / (1 - a).sqrt()
    torch.testing.assert_close(loss, (output - noise).square().mean(), rtol=1e-3, atol=1e-5)


def test_what_does_not_fit_is_named(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run("base", RegionConfig(**QUICK), tmp_path)
    assert isinstance(run.model, BaseModelConfig)
    with pytest.raises(ConfigError, match="give model.size=32"):
        build_stage(replace(run, model=replace(run.model, size=256)))
    with pytest.raises(ConfigError, match="is for nano"):
        build_stage(replace(run, autoencoder=tmp_path))
    with pytest.raises(ConfigError, match="pretrained one"):
        build_stage(replace(run, train=AutoencoderConfig(**QUICK)))
    with pytest.raises(WeightsError, match="model.denoiser='./none'"):
        build_stage(replace(run, model=replace(run.model, denoiser="./none")))
