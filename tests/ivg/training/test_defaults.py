"""One set of defaults: what hydra composes is what the dataclasses hold, and the pages name every option."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hydra.core.config_store import ConfigStore
from omegaconf import OmegaConf

from ivg.models.nano.autoencoder import NanoAutoencoder, NanoMaskDecoder
from ivg.models.nano.denoiser import NanoVideoDenoiser
from ivg.policy.learning.config import POLICIES, EpisodeData, PolicyTraining
from ivg.policy.rl import ReinforcementSettings
from ivg.policy.rl.settings import PRESETS as REINFORCEMENT
from ivg.training.composition import PRESETS, compose_train, read_run
from ivg.training.settings import BaseModelConfig, DataConfig
from ivg.workflows.policy_settings import compose_policy, read_policy_run, read_reinforcement
from ivg.workflows.rl_environment import EnvironmentSettings

CONFIGS = Path(__file__).parents[3] / "configs"
GIVEN = ["data.path=a", "output=b"]


@pytest.mark.parametrize("name", PRESETS)
def test_a_stage_has_the_defaults_of_its_dataclass(name: str) -> None:
    run = read_run(compose_train([f"train={name}", *GIVEN]))
    assert asdict(run.train) == asdict(PRESETS[name]())
    assert run.data == DataConfig(path="a")


@pytest.mark.parametrize("name", [path.stem for path in (CONFIGS / "recipe").glob("*.yaml")])
def test_a_recipe_changes_what_it_names_and_no_more(name: str) -> None:
    model, stage = name.split("_")
    changed = OmegaConf.load(CONFIGS / "recipe" / f"{name}.yaml")
    if "base_region" in changed.pop("defaults", []):
        changed = OmegaConf.load(CONFIGS / "recipe" / "base_region.yaml")
    train = read_run(compose_train([f"train={stage}", f"model={model}", *GIVEN])).train
    assert asdict(train) == {**asdict(PRESETS[stage]()), **changed}


def test_the_networks_are_those_of_the_model_classes() -> None:
    sizes = read_run(compose_train(["train=clip", *GIVEN])).model
    kinds = {"autoencoder": NanoAutoencoder, "denoiser": NanoVideoDenoiser, "mask_decoder": NanoMaskDecoder}
    for name, kind in kinds.items():
        assert _config(kind(**getattr(sizes, name))) == _config(kind())
    base = read_run(compose_train(["train=clip", "model=base", *GIVEN])).model
    assert isinstance(base, BaseModelConfig)
    assert base == BaseModelConfig(architecture=base.architecture)


def _config(network: Any) -> dict[str, Any]:
    named = {name: value for name, value in network.config.items() if not name.startswith("_")}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in named.items()}


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_has_the_defaults_of_its_dataclass(name: str) -> None:
    run = read_policy_run([f"policy={name}", *GIVEN])
    assert (run.policy, run.train, run.data) == (POLICIES[name](), PolicyTraining(), EpisodeData(path="a"))


@pytest.mark.parametrize("name", REINFORCEMENT)
def test_reinforcement_has_the_defaults_of_its_dataclass(name: str) -> None:
    run = read_reinforcement([f"policy={name}", "output=b"])
    assert run.policy == ReinforcementSettings(**REINFORCEMENT[name])
    assert run.environment == EnvironmentSettings(options={"image": False})


def test_the_page_of_the_configurations_names_every_option() -> None:
    page = (CONFIGS / "README.md").read_text()
    compose_train(["train=clip"])
    compose_policy([])
    options = {path.stem for path in CONFIGS.rglob("*.yaml")}
    for group in ("train", "data", "policy"):
        options |= {name.removesuffix(".yaml") for name in ConfigStore.instance().list(group)}
    assert {"refiner", "masks", "nano_light", "nano_medium", "tiny", "sb3_her", "store"} <= options
    assert not [name for name in sorted(options) if f"`{name}`" not in page and f"`{name}.yaml`" not in page]
