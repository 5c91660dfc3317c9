"""What a dataset of demonstrations holds."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from .generate_report import megabytes_of


def demonstrations_report(path: Path) -> dict[str, Any]:
    """Returns what a dataset of demonstrations holds, as JSON can hold it.

    Raises:
        StoreError: It is no such dataset.
    """
    from ..policy.datasets import DemonstrationStore

    with DemonstrationStore(path) as store:
        prompts = Counter(str(demonstration.provenance.get("prompt", "")) for demonstration in store)
        return {
            "dataset": str(path),
            "demonstrations": len(store),
            "frames": int(store.episode_ends[-1]),
            "image_shape": list(store.per_step("image").shape[1:]),
            "fps": sorted(set(store.per_episode("fps").tolist())),
            "hands": float(store.per_step("present")[:].any(axis=1).mean()),
            "prompts": dict(prompts.most_common()),
            "megabytes": megabytes_of(path),
        }


def print_demonstrations(report: dict[str, Any]) -> None:
    """Prints it for people."""
    height, width = report["image_shape"][:2]
    fps = ", ".join(f"{value:g}" for value in report["fps"])
    print(
        f"{report['dataset']}: {report['demonstrations']} demonstrations, {report['frames']} frames of {width} x "
        f"{height} px, {fps} fps, {report['megabytes']:.1f} MB; a hand is found in {report['hands']:.0%} of the frames"
    )
    for prompt, count in report["prompts"].items():
        print(f"  {count:>6}  {prompt or '(no prompt)'}")
