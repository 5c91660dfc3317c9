"""The whole of training, on a tiny scale: autoencoder, region, clip, export, resume."""

import json
import shutil
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from ivg.errors import ConfigError, InputError, IvgError, TrainingError, WeightsError
from ivg.models.loading import load_component, load_weights
from ivg.models.nano.autoencoder import NanoAutoencoder, NanoMaskDecoder
from ivg.models.nano.denoiser import NanoVideoDenoiser
from ivg.pipeline import InstructionalVideoPipeline
from ivg.training import TrainingProgress, train
from ivg.training.export import export_pipeline
from ivg.training.run import build_stage, train_stage
from ivg.training.settings import (
    AutoencoderConfig,
    ClipConfig,
    DataConfig,
    MaskDecoderConfig,
    ModelConfig,
    RegionConfig,
    Run,
    RunConfig,
)
from ivg.training.stage import StepRandom
from ivg.training.stages.autoencoder import AutoencoderStage
from ivg.training.stages.clip import ClipStage
from ivg.training.stages.denoising import DenoiserStage
from ivg.training.stages.mask_decoder import MaskDecoderStage
from ivg.training.trainer import Trainer

MODEL = ModelConfig(
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
    mask_decoder={"latent_channels": 4, "width": 16},
)
LIGHT = ModelConfig(autoencoder=MODEL.autoencoder, denoiser={**MODEL.denoiser, "widths": [8, 8, 8], "heads": [1, 1, 1]})
QUICK: dict[str, Any] = {"steps": 3, "precision": "no", "warmup_steps": 1, "batch_size": 2}


def _run(store: Path, output: Path, train: RunConfig, **more: Any) -> Run:
    return Run(train=train, model=MODEL, data=DataConfig(path=str(store)), output=output, device="cpu", **more)


@pytest.fixture(scope="session")
def runs(blob_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The three trainings, one after another."""
    folder = tmp_path_factory.mktemp("runs")
    weights = folder / "autoencoder" / "weights"
    train_stage(_run(blob_store, folder / "autoencoder", AutoencoderConfig(**QUICK, crop=16)))
    train_stage(_run(blob_store, folder / "region", RegionConfig(**QUICK), autoencoder=weights))
    start = folder / "region" / "weights"
    train_stage(_run(blob_store, folder / "clip", ClipConfig(**QUICK), autoencoder=weights, start=start))
    return folder


def test_every_stage_leaves_log_sheet_checkpoint_and_weights(runs: Path) -> None:
    for stage, figure in (("autoencoder", "psnr_moving"), ("region", "iou_union"), ("clip", "hand_mse_0.7")):
        lines = [json.loads(line) for line in (runs / stage / "log.jsonl").read_text().splitlines()]
        assert lines[-1]["step"] == 3
        assert np.isfinite(lines[-1]["held_out"][figure])
        assert all(np.isfinite(line["loss"]) for line in lines if "loss" in line)
        assert (runs / stage / "sheet_000003.png").exists()
        assert (runs / stage / "run.json").exists()
        files = {path.suffix for path in (runs / stage).rglob("*") if path.is_file()}
        assert files <= {".json", ".jsonl", ".png", ".safetensors"}  # nothing pickled


def test_the_exported_pipeline_generates(runs: Path, tmp_path: Path) -> None:
    autoencoder, region, clip = (runs / name / "weights" for name in ("autoencoder", "region", "clip"))
    pipeline = export_pipeline(autoencoder, region, clip, tmp_path / "weights")
    frame = np.full((32, 32, 3), 90, np.uint8)
    output = pipeline(frame, "push the disc", num_inference_steps=2)
    assert output.frames.shape == (16, 32, 32, 3)
    stored = load_file(tmp_path / "weights" / "denoiser" / "diffusion_pytorch_model.safetensors")
    assert {value.dtype for value in stored.values()} == {torch.float16}
    assert isinstance(InstructionalVideoPipeline.from_pretrained(tmp_path / "weights"), InstructionalVideoPipeline)
    for config in (tmp_path / "weights").rglob("*.json"):
        assert str(runs) not in config.read_text(), "a path of the machine that trained must not travel with weights"


def test_stage_2_goes_on_from_stage_1(runs: Path) -> None:
    first = load_file(runs / "region" / "weights" / "region_denoiser" / "diffusion_pytorch_model.safetensors")
    second = load_file(runs / "clip" / "weights" / "denoiser" / "diffusion_pytorch_model.safetensors")
    name = "bottom.0.conv1.weight"
    assert (first[name] - second[name]).abs().max() < 0.3 * first[name].abs().max()
    assert not first["conv_in.weight"][:, -2:].any()
    assert second["conv_in.weight"][:, -2:].any()


def test_stages_go_on_from_weights_of_their_own(runs: Path, blob_store: Path) -> None:
    weights = runs / "autoencoder" / "weights"
    both = runs / "both"
    for run, name in (("region", "region_denoiser"), ("clip", "denoiser")):
        shutil.copytree(runs / run / "weights" / name, both / name)
    for config, name in ((RegionConfig(**QUICK), "region_denoiser"), (ClipConfig(**QUICK), "denoiser")):
        stage = build_stage(_run(blob_store, runs / "more", config, autoencoder=weights, start=both))
        held = load_file(both / name / "diffusion_pytorch_model.safetensors")["conv_in.weight"]
        assert isinstance(stage, DenoiserStage)
        torch.testing.assert_close(stage.model.conv_in.weight, held, rtol=0, atol=0)
    with pytest.raises(ConfigError, match="holds none of denoiser, region_denoiser"):
        build_stage(_run(blob_store, runs / "more", ClipConfig(**QUICK), autoencoder=weights, start=weights))


def test_a_resumed_run_ends_where_an_unbroken_one_does(blob_store: Path, tmp_path: Path) -> None:
    config = AutoencoderConfig(**{**QUICK, "steps": 4}, crop=16)
    train_stage(_run(blob_store, tmp_path / "whole", config))
    half = _run(blob_store, tmp_path / "broken", replace(config, steps=2, schedule="cosine"))
    half.train.learning_rate = config.learning_rate
    _stop_after(half, config, steps=2)
    train_stage(_run(blob_store, tmp_path / "broken", config, resume=True))
    for name in ("model", "average", "optimizer"):
        whole, broken = (
            load_file(tmp_path / run / "checkpoint" / f"{name}.safetensors") for run in ("whole", "broken")
        )
        assert whole.keys() == broken.keys()
        for key in whole:
            torch.testing.assert_close(whole[key], broken[key], atol=1e-6, rtol=1e-5)


def test_ctrl_c_ends_a_run_after_its_step_with_a_checkpoint(
    blob_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = _run(blob_store, tmp_path / "run", AutoencoderConfig(**{**QUICK, "steps": 5}, crop=16))
    trainer = Trainer(build_stage(run), run.train, run.output)
    loss = trainer.stage.loss

    def pressed(model: torch.nn.Module, random: StepRandom) -> Any:
        if trainer.criterion.step == 1:
            signal.raise_signal(signal.SIGINT)
        return loss(model, random)

    monkeypatch.setattr(trainer.stage, "loss", pressed)
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background of a shell it is ignored
    try:
        with pytest.raises(KeyboardInterrupt):
            trainer.run()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, usual)
    assert trainer.criterion.step == 2  # the step was ended
    resumed = Trainer(build_stage(run), run.train, run.output, resume=True)
    assert resumed.criterion.step == 2


def _stop_after(run: Run, config: RunConfig, steps: int) -> None:
    """Train some steps of a longer run and leave a checkpoint, as a stopped process does."""
    run.train = config
    torch.manual_seed(config.seed)
    trainer = Trainer(build_stage(run), config, run.output)
    for _ in range(steps):
        trainer.step()
    trainer.save()


def test_a_second_run_does_not_overwrite_the_first(blob_store: Path, runs: Path) -> None:
    with pytest.raises(WeightsError, match="resume=true"):
        train_stage(_run(blob_store, runs / "autoencoder", AutoencoderConfig(**QUICK, crop=16)))


def test_what_is_missing_is_named(blob_store: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="give autoencoder="):
        train_stage(_run(blob_store, tmp_path / "a", RegionConfig(**QUICK)))
    with pytest.raises(WeightsError, match="no NanoAutoencoder"):
        train_stage(_run(blob_store, tmp_path / "b", RegionConfig(**QUICK), autoencoder=tmp_path))
    with pytest.raises(WeightsError, match="nothing to resume"):
        train_stage(_run(blob_store, tmp_path / "c", AutoencoderConfig(**QUICK, crop=16), resume=True))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"minutes": None}, "stop criterion"),
        ({"steps": 0}, "positive"),
        ({"steps": 1, "batch_size": 0}, "batch_size"),
        ({"steps": 1, "optimizer": "adam"}, "did you mean 'adamw'"),
        ({"steps": 1, "precision": "bf61"}, "did you mean 'bf16'"),
        ({"steps": 1, "timesteps": []}, r"train.timesteps must hold steps in \[0, 999\], got \[\]"),
        ({"steps": 1, "timesteps": [995, 1000]}, r"got \[995, 1000\]"),
        ({"steps": 1, "sample_steps": 0}, "train.sample_steps must be 1 or more, got 0"),
        ({"steps": 1, "huber": -0.1}, "train.huber must be at least 0, got -0.1"),
        ({"steps": 1, "extrapolation": 1.5}, r"train.extrapolation must be in \[0, 1\], got 1.5"),
        ({"steps": 1, "residual_scale": 0.0}, "train.residual_scale must be positive, got 0.0"),
        ({"steps": 1, "teacher_draws": 0}, "train.teacher_draws must be 1 or more, got 0"),
    ],
)
def test_impossible_settings_are_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RegionConfig(**values)


def test_chosen_timesteps_are_drawn_alone(blob_store: Path, runs: Path) -> None:
    config = RegionConfig(**{**QUICK, "batch_size": 32}, timesteps=[995, 498])
    stage = build_stage(_run(blob_store, runs / "few", config, autoencoder=runs / "autoencoder" / "weights"))
    assert isinstance(stage, DenoiserStage)
    assert set(stage.batch(StepRandom(0, 0)).timesteps.tolist()) == {995, 498}


def test_a_decoder_is_trained_to_another_autoencoder_s_encoder(blob_store: Path, runs: Path, tmp_path: Path) -> None:
    config = AutoencoderConfig(**QUICK, crop=16)
    run = _run(blob_store, tmp_path / "decoder", config, autoencoder=runs / "autoencoder" / "weights")
    model = {**MODEL.autoencoder, "decoder_widths": [8, 8, 24]}
    run.model = ModelConfig(autoencoder=model, denoiser=MODEL.denoiser)
    train_stage(run)
    name = "weights/autoencoder/diffusion_pytorch_model.safetensors"
    own, other = load_file(tmp_path / "decoder" / name), load_file(runs / "autoencoder" / name)
    for key in own:
        if not key.startswith("decoder."):
            torch.testing.assert_close(own[key], other[key], rtol=0, atol=0)
    assert own["decoder.0.weight"].shape != other["decoder.0.weight"].shape
    run.model = ModelConfig(autoencoder={**model, "encoder_widths": [8, 8, 24]}, denoiser=MODEL.denoiser)
    with pytest.raises(WeightsError, match="the encoders are of other sizes"):
        build_stage(run)


@pytest.mark.parametrize("mask", ["white", "prior"])
def test_stage_two_trains_with_one_mask_for_all_clips(mask: str, blob_store: Path, runs: Path, tmp_path: Path) -> None:
    config = ClipConfig(**QUICK, mask=mask, hand_structure_weight=0.0)
    run = _run(blob_store, tmp_path / mask, config, autoencoder=runs / "autoencoder" / "weights")
    stage = build_stage(run)
    assert isinstance(stage, ClipStage)
    region = stage.region(stage.train, torch.tensor([0, 1]), StepRandom(0, 0, 0))
    assert region is not None
    assert torch.equal(region[0], region[1])
    assert bool((region == 1).all()) == (mask == "white")
    assert np.isfinite(train_stage(run).figures["hand_mse_0.7"])


@pytest.mark.parametrize(
    ("name", "value"),
    [("mask", "black"), ("hand_structure_weight", -1.0), ("hand_structure_frames", 0), ("hand_structure_cap", 0.0)],
)
def test_stage_two_s_settings_are_checked(name: str, value: object) -> None:
    with pytest.raises(IvgError, match=f"train.{name}"):
        ClipConfig(**QUICK, **{name: value})


@pytest.mark.parametrize(("config", "name"), [(RegionConfig, "region_denoiser"), (ClipConfig, "denoiser")])
def test_a_student_s_batch_is_its_teacher_s(
    config: Any, name: str, blob_store: Path, runs: Path, tmp_path: Path
) -> None:
    teacher = runs / ("region" if config is RegionConfig else "clip") / "weights"
    run = _run(
        blob_store,
        tmp_path / "student",
        config(**QUICK, teacher_steps=2),
        autoencoder=runs / "autoencoder" / "weights",
        teacher=teacher,
    )
    run.model = LIGHT
    stage = build_stage(run)
    assert isinstance(stage, DenoiserStage)
    network = NanoVideoDenoiser.from_pretrained(teacher / name).eval()
    assert stage.space == network.space
    batch = stage.batch(StepRandom(0, 0))
    assert len(set(batch.timesteps.tolist())) == 1
    conditions = stage.conditions(stage.train, batch.clips, batch.conditions["context"], None)
    with torch.no_grad():
        made = stage._sampled(network, batch.noisy, conditions, 2)
    torch.testing.assert_close(batch.clean, made, atol=5e-3, rtol=5e-3)


def test_a_network_of_its_own_takes_the_last_step_of_a_pipeline(blob_store: Path, runs: Path, tmp_path: Path) -> None:
    weights = {name: runs / name / "weights" for name in ("autoencoder", "region", "clip")}
    scale = NanoVideoDenoiser.from_pretrained(weights["clip"] / "denoiser").space.scale
    options = {"timesteps": [498], "sample_steps": 2, "residual_scale": scale}
    config = ClipConfig(**QUICK, hand_structure_weight=0.0, **options)
    run = _run(blob_store, tmp_path / "light", config, autoencoder=weights["autoencoder"])
    run.model = LIGHT
    train_stage(run)
    pipeline = export_pipeline(**weights, output=tmp_path / "helped", refiner=tmp_path / "light" / "weights")
    frame = np.full((32, 32, 3), 90, np.uint8)
    assert pipeline.refiner.config["widths"] == [8, 8, 8]
    plain = export_pipeline(**weights, output=tmp_path / "plain")
    assert plain.refiner is None
    made, other = (each(frame, "push the disc", num_inference_steps=2).latents for each in (pipeline, plain))
    assert not torch.equal(made, other)
    loaded = InstructionalVideoPipeline.from_pretrained(tmp_path / "helped")
    assert torch.equal(loaded(frame, "push the disc", num_inference_steps=2).latents, made)
    NanoVideoDenoiser(**{**LIGHT.denoiser, "residual_scale": 9.0}).save_pretrained(tmp_path / "alien" / "denoiser")
    with pytest.raises(WeightsError, match="train.residual_scale="):
        export_pipeline(**weights, output=tmp_path / "none", refiner=tmp_path / "alien")


def test_a_network_of_its_own_decodes_stage_one_s_masks(blob_store: Path, runs: Path, tmp_path: Path) -> None:
    weights = {name: runs / name / "weights" for name in ("autoencoder", "region", "clip")}
    folders = {"autoencoder": weights["autoencoder"], "teacher": weights["region"]}
    run = _run(blob_store, tmp_path / "masks", MaskDecoderConfig(steps=60, batch_size=4), **folders)
    stage = build_stage(run)
    assert isinstance(stage, MaskDecoderStage)
    figures = train_stage(run).figures
    assert set(figures) == {"iou_union", "iou_frame", "iou_frame_pictures", "iou_pictures"}
    made = tmp_path / "masks" / "weights"
    trained = load_component(made, "mask_decoder")
    before, after = (stage.loss(network, StepRandom(1, 1))[0].item() for network in (stage.model, trained))
    assert after < 0.85 * before
    pipeline = export_pipeline(**weights, output=tmp_path / "helped", masks=made)
    frame = np.full((32, 32, 3), 90, np.uint8)
    plain = export_pipeline(**weights, output=tmp_path / "plain")
    assert plain.mask_decoder is None
    latents = torch.randn(2, 4, 4, 4)
    with torch.inference_mode():
        masks = torch.from_numpy(pipeline._codec.decode_masks(latents))
        assert torch.allclose(masks, trained.decode(latents), atol=0.01)
    loaded = InstructionalVideoPipeline.from_pretrained(tmp_path / "helped")(frame, "push the disc")
    assert (loaded.region.per_frame == pipeline(frame, "push the disc").region.per_frame).all()
    with pytest.raises(ConfigError, match="give teacher=FOLDER"):
        train_stage(_run(blob_store, tmp_path / "no", run.train, autoencoder=weights["autoencoder"]))
    NanoMaskDecoder(5, 8, 1).save_pretrained(tmp_path / "alien" / "mask_decoder")
    with pytest.raises(WeightsError, match="latent channels of"):
        export_pipeline(**weights, output=tmp_path / "none", masks=tmp_path / "alien")


@pytest.mark.parametrize(("name", "value"), [("frames", 0), ("teacher_draws", 0)])
def test_the_mask_decoder_s_settings_are_checked(name: str, value: int) -> None:
    with pytest.raises(ConfigError, match=f"train.{name}"):
        MaskDecoderConfig(steps=1, **{name: value})


def test_weights_say_how_far_their_last_step_goes_on(runs: Path, tmp_path: Path) -> None:
    weights = {name: runs / name / "weights" for name in ("autoencoder", "region", "clip")}
    frame = np.full((32, 32, 3), 90, np.uint8)
    made = []
    for number, extrapolation in enumerate((None, 0.0, 0.4)):
        folder = tmp_path / str(number)
        export_pipeline(**weights, output=folder, extrapolation=extrapolation)
        made.append(
            InstructionalVideoPipeline.from_pretrained(folder)(frame, "push the disc", num_inference_steps=2).latents
        )
    assert torch.equal(made[0], made[1])
    assert not torch.equal(made[1], made[2])
    with pytest.raises(InputError, match=r"extrapolation must lie in \[0, 1\].* got -1"):
        export_pipeline(**weights, output=tmp_path / "none", extrapolation=-1)
    assert not (tmp_path / "none").exists()


def test_a_decoder_begins_from_what_fits_of_anothers(runs: Path) -> None:
    known: NanoAutoencoder = load_weights(NanoAutoencoder, runs / "autoencoder" / "weights" / "autoencoder")
    deeper = NanoAutoencoder(**{**MODEL.autoencoder, "decoder_depth": 2})
    deeper.keep_encoder(known)
    pictures = torch.rand(2, 3, 32, 32) * 2 - 1
    with torch.no_grad():  # the new blocks begin as the identity
        torch.testing.assert_close(deeper(pictures)[1], known(pictures)[1])


def test_a_loss_that_is_no_number_stops_the_training_with_the_last_good_weights(
    blob_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = AutoencoderConfig(**{**QUICK, "steps": 6}, crop=16)
    honest = AutoencoderStage.loss

    def loss(self: Any, model: Any, random: Any) -> Any:
        total, parts = honest(self, model, random)
        calls.append(1)
        return (total * torch.nan, parts) if len(calls) == 3 else (total, parts)

    calls: list[int] = []
    monkeypatch.setattr(AutoencoderStage, "loss", loss)
    with pytest.raises(TrainingError, match=r"step 3: the loss is nan.*resume=true and a lower train.learning_rate"):
        train_stage(_run(blob_store, tmp_path / "run", config))
    for name in ("model", "average"):
        held = load_file(tmp_path / "run" / "checkpoint" / f"{name}.safetensors")
        assert all(bool(value.isfinite().all()) for value in held.values())
    assert json.loads((tmp_path / "run" / "checkpoint" / "progress.json").read_text())["step"] == 2
    figures = train_stage(_run(blob_store, tmp_path / "run", config, resume=True)).figures
    assert np.isfinite(figures["psnr"])


def test_plain_values_train_what_a_run_does_and_report_progress(blob_store: Path, runs: Path, tmp_path: Path) -> None:
    seen: list[TrainingProgress] = []
    quick = {**QUICK, "log_seconds": 0}
    result = train(
        "autoencoder", blob_store, tmp_path, model=MODEL, device="cpu", progress=seen.append, crop=16, **quick
    )
    name = "autoencoder/diffusion_pytorch_model.safetensors"
    assert (result.weights / name).read_bytes() == (runs / "autoencoder" / "weights" / name).read_bytes()
    assert [(progress.step, progress.held_out) for progress in seen] == [(1, False), (2, False), (3, False), (3, True)]
    assert "loss" in seen[0].figures
    assert seen[-1].figures == result.figures
    assert seen[-1].fraction == 1


def test_crops_are_no_larger_than_the_clips_and_the_output_is_no_file(blob_store: Path, tmp_path: Path) -> None:
    with pytest.raises(IvgError, match="train.crop must be at most .* px, the size of the clips, got 512"):
        train("autoencoder", blob_store, tmp_path / "out", model="tiny", steps=1, crop=512, device="cpu")
    assert not (tmp_path / "out").exists()
    (tmp_path / "file").touch()
    with pytest.raises(IvgError, match="must be a folder, but"):
        train("autoencoder", blob_store, tmp_path / "file", model="tiny", steps=1, crop=16, device="cpu")


@pytest.mark.parametrize(
    ("preset", "settings", "message"),
    [
        ("clips", {}, "did you mean 'clip'"),
        ("clip", {"stepss": 3}, "did you mean 'steps'"),
        ("clip", {"steps": 0}, "steps"),
    ],
)
def test_wrong_plain_values_are_refused(preset: str, settings: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(IvgError, match=message):
        train(preset, "none", tmp_path, **settings)
