"""What somebody else's script relies on: every id is found as ``ivg.envs:ID``, with nothing of ours imported before."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys

import pytest

from ivg.envs import KITCHEN_ID, SIMULATORS

PACKAGES = {KITCHEN_ID: "robosuite", **{simulator.id: simulator.package for simulator in SIMULATORS.values()}}
META_WORLD = [name for name, package in PACKAGES.items() if package == "metaworld"]


def run(code: str, *arguments: str) -> str:
    """Run a script that knows of nothing but gymnasium; return its last line."""
    command = [sys.executable, "-c", f"import gymnasium\n{code}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1]


EACH = """
import json, sys
made = {}
for name in sys.argv[1:]:
    assert not [module for module in sys.modules if module.split(".")[0] == "ivg"]
    assert f"ivg.envs:{name}".split(":")[1] not in gymnasium.registry
    env = gymnasium.make(f"ivg.envs:{name}", camera_size=32)
    env.reset(seed=1)
    observation = env.step(env.action_space.sample())[0]
    made[name] = [env.observation_space.contains(observation), *observation["image"].shape]
    env.close()
    for module in [module for module in sys.modules if module.split(".")[0] == "ivg"]:
        del sys.modules[module]
    for known in [known for known in gymnasium.registry if known.startswith("ivg/")]:
        del gymnasium.registry[known]
print(json.dumps(made))
"""
HERE = [name for name, package in PACKAGES.items() if name not in META_WORLD and importlib.util.find_spec(package)]


@pytest.mark.slow
def test_an_environment_is_made_by_its_id_alone() -> None:
    """One process for all, which forgets what is ours in between: others' packages take seconds to import."""
    assert json.loads(run(EACH, *HERE)) == {name: [True, 32, 32, 3] for name in HERE}


def test_one_id_makes_all_of_them_known() -> None:
    """`gymnasium.make` imports the module before the colon; what is not installed says how to install it."""
    code = f"""
try:
    gymnasium.make("ivg.envs:{META_WORLD[0]}", camera_size=32)
    told = "made"
except Exception as error:
    told = "told" if "pip install" in str(error) else str(error)
print(told, sorted({set(PACKAGES)!r} - set(gymnasium.registry)))
"""
    assert run(code) in ("made []", "told []")


def test_vectors_take_the_ids_too() -> None:
    code = (
        f"envs = gymnasium.make_vec('ivg.envs:{KITCHEN_ID}', 2, vectorization_mode='sync', image=False)\n"
        "observation, _ = envs.reset(seed=[1, 2])\n"
        "print(observation['proprio'].shape)"
    )
    assert run(code) == "(2, 16)"
