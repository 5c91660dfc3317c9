"""Load: nothing grows as a process goes on, and processes that share a cache do not get in each other's way.

The long version is benchmarks/endurance.py. A cache of watched demonstrations that two processes share:
tests/policy/conditioning/test_cache.py.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ivg.data.clip_store import ClipStore

from . import dying_work
from .small import contents, python, write_clips

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="looks at its memory by /proc")

LOOK = """
import gc, json, os, re, sys, threading
from pathlib import Path
def look():
    gc.collect()
    torch = sys.modules.get("torch")
    return {
        "mib": int(re.search(r"VmRSS:\\s*(\\d+)", Path("/proc/self/status").read_text()).group(1)) / 1024,
        "tensors": sum(torch is not None and type(thing) is torch.Tensor for thing in gc.get_objects()),
        "files": len(os.listdir("/proc/self/fd")),
        "threads": threading.active_count(),
    }
"""

DEMONSTRATIONS = """
import numpy as np
from ivg.policy import DemoGenerator
pictures = [np.random.default_rng(n).integers(0, 256, (s, s, 3), np.uint8) for n, s in enumerate((64, 96, 128))]
texts = ["cut the carrot", "stir the pot"]
with DemoGenerator.from_pretrained("nano") as generator:
    for number in range(14):
        if number == 8:
            before = look()
        generator(pictures[number % 3], texts[number % 2], seed=number)
    print(json.dumps([before, look()]))
"""

RESETS = """
import gymnasium
from ivg.envs.kitchen.tasks import TASKS
env = gymnasium.make("ivg.envs:ivg/Kitchen-v0", camera_size=64)
for number in range(24):
    if number == 8:
        before = look()
    env.reset(seed=number, options={"task": list(TASKS)[number % len(TASKS)]})
    env.step(env.action_space.sample())
print(json.dumps([before, look()]))
env.close()
"""

MAKES = """
import gymnasium
for number in range(7):
    if number == 2:
        before = look()
    env = gymnasium.make("ivg.envs:ivg/Kitchen-v0", camera_size=64)
    env.reset(seed=number)
    env.close()
    del env
print(json.dumps([before, look()]))
"""


@pytest.mark.parametrize(
    ("code", "most_mib"),
    [(DEMONSTRATIONS, 60), (RESETS, 20), (MAKES, 100)],
    ids=["6 demonstrations", "16 resets", "5 environments made and closed"],
)
def test_nothing_grows_once_it_is_warm(code: str, most_mib: float) -> None:
    """Seen: 24, 0.5 and 50 MiB, up and down, as the allocator holds memory that was freed."""
    told, said = python(LOOK + code).communicate(timeout=280)
    assert told, said
    before, after = json.loads(told)
    assert after["mib"] - before["mib"] <= most_mib
    for kind in ("tensors", "files", "threads"):
        assert after[kind] <= before[kind], kind


# caches that processes share

TOGETHER = """
import hashlib, sys, time
import numpy as np
from pathlib import Path
def meet():
    print("ready", flush=True)
    while not Path(sys.argv[1]).exists():
        time.sleep(0.01)
def told(*arrays):
    print(hashlib.sha256(b"".join(np.asarray(array).tobytes() for array in arrays)).hexdigest(), flush=True)
"""

ENCODE = """
import numpy as np, torch
from ivg.data.clip_store import ClipStore
from ivg.models.nano.autoencoder import NanoAutoencoder
from ivg.training.encoded import latents
honest = latents._encode_clip
def slowly(*given):
    print("encodes", flush=True)
    time.sleep(pauses.pop(0))
    return honest(*given)
pauses = [0.1, float(sys.argv[4])] + [0.1] * 9
latents._encode_clip = slowly
torch.manual_seed(0)
torch.set_num_threads(1)
autoencoder = NanoAutoencoder(4, (8, 8, 16), (8, 8, 16), 1, 1)
store = ClipStore.open(sys.argv[2])
meet()
clips = latents.load_latents(store, store.indices_done, autoencoder, Path(sys.argv[3]))
told(clips.latents.numpy(), clips.mask_latents.numpy(), clips.masks, clips.keypoints.numpy())
"""

WINDOWS = """
from ivg.policy.datasets import EpisodeWindows, window_arrays
honest = window_arrays._fill
def slowly(*given):
    print("encodes", flush=True)
    time.sleep(0.3)
    honest(*given)
window_arrays._fill = slowly
meet()
told(EpisodeWindows(sys.argv[2], n_obs_steps=2, horizon=4, cache=sys.argv[3]).batch([0, 3])["image"])
"""


def begin(code: str, *arguments: object) -> subprocess.Popen[str]:
    """Begin a process; return when it is ready for the sign to go on."""
    process = python(TOGETHER + code, [str(argument) for argument in arguments])
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line == "ready\n", process.communicate()[1]
    return process


def ends(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Wait for a process; return how often it worked something out, and the hash of what it read."""
    told, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    *worked, digest = told.splitlines()
    return len(worked), digest


def given_to(code: str, folder: Path) -> Path:
    """Write what the code reads."""
    if code is ENCODE:
        return write_clips(folder / "clips")
    from ivg.policy.datasets.episodes import write_episodes
    from ivg.workflows.episodes.attempts import GenerateSettings

    settings = GenerateSettings("kitchen", ("open_drawer",), seed=50, size=16)
    made: list[Any] = [dying_work.made_up(settings.job(index)).episode for index in range(3)]
    return write_episodes(folder / "episodes.zarr", made)


@pytest.mark.parametrize(
    "code", [pytest.param(ENCODE, id="latents", marks=pytest.mark.slow), pytest.param(WINDOWS, id="pictures")]
)
def test_two_processes_that_fill_one_cache_at_once_read_the_same(tmp_path: Path, code: str) -> None:
    source, cache, go = given_to(code, tmp_path), tmp_path / "cache", tmp_path / "go"
    pair = [begin(code, go, source, cache, 0.1) for _ in range(2)]
    go.touch()
    found = [ends(process) for process in pair]
    filled = contents(cache)
    alone = ends(begin(code, go, source, tmp_path / "other", 0.1))
    assert {digest for _, digest in found} == {alone[1]}
    assert filled == contents(tmp_path / "other"), "nothing beside what one process alone leaves"
    if code is ENCODE:
        clips = len(ClipStore.open(source).indices_done)
        assert sorted(worked for worked, _ in found) == [0, clips], "one encodes, the other waits"


@pytest.mark.slow
def test_a_process_that_was_killed_while_it_filled_the_cache_is_no_harm(tmp_path: Path) -> None:
    source, cache, go = given_to(ENCODE, tmp_path), tmp_path / "cache", tmp_path / "go"
    go.touch()
    killed = begin(ENCODE, go, source, cache, 60)
    assert killed.stdout is not None
    assert [killed.stdout.readline() for _ in range(2)] == ["encodes\n"] * 2
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert list(cache.rglob("latents.npy"))
    assert not list(cache.rglob("done.json"))
    worked, digest = ends(begin(ENCODE, go, source, cache, 0.1))
    assert (worked, digest) == ends(begin(ENCODE, go, source, tmp_path / "other", 0.1))
    assert contents(cache) == contents(tmp_path / "other")
