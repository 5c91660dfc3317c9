"""``ivg-app``: a page in the browser on which a scene and a sentence become a clip, and the robot follows it."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ..errors import InputError
from .shared.command import new_parser, run_command

if TYPE_CHECKING:
    from ..policy import DemoGenerator

PROGRAM = "ivg-app"

EXAMPLES = """\
  ivg-app
  ivg-app --port 8000 --weights out/train/weights
  ivg-app --host 0.0.0.0 --public
"""

HIGHEST_PORT = 65535
LoadGenerator = Callable[[str, str], "DemoGenerator"]


def main(arguments: Sequence[str] | None = None, load_generator: LoadGenerator | None = None) -> int:
    """Run the command.

    Args:
        arguments: The command line's, without the program's name; the process's own if None.
        load_generator: Makes a generator of weights and a device; `load_telling_generator` if None.

    Returns:
        The exit code: 0, or 2 when what was asked for cannot be done.
    """
    options = new_app_parser().parse_args(arguments)
    return run_command(PROGRAM, lambda: run(options, load_generator))


def new_app_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = new_parser(
        PROGRAM, "Serve a page on which to generate demonstrations and watch a robot follow them.", EXAMPLES
    )
    parser.add_argument("--host", default="127.0.0.1", metavar="NAME", help="address to serve on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=7860, metavar="N", help="port to serve on (default: 7860)")
    public_help = "allow a --host that other machines can reach; there is no password and no encryption"
    parser.add_argument("--public", action="store_true", help=public_help)
    parser.add_argument("--weights", default="nano", metavar="NAME", help="nano, or a folder (default: nano)")
    parser.add_argument("--device", default="cpu", metavar="NAME", help="torch device (default: cpu)")
    return parser


def run(options: argparse.Namespace, load_generator: LoadGenerator | None = None) -> None:
    """Do what the command line asks for, until the process is asked to end.

    Args:
        options: Parsed by `new_app_parser`.
        load_generator: As `main` takes it.

    Raises:
        IvgError: If it cannot be done.
    """
    _check(options)
    from ..app.server import ended_politely, launch, own_folder, wait_for_end
    from ..app.session import AppSession

    with ended_politely(), own_folder(), AppSession(lambda: _load(options, load_generator)) as session:
        _say(f"loading the weights {options.weights}")
        weights = session.load()
        from ..app.page import new_page
        from ..workflows.context import PACKAGED_WEIGHTS

        page = new_page(session, packaged=weights == PACKAGED_WEIGHTS)
        try:
            launch(page, options.host, options.port)
            _say(f"open http://{_shown(options.host)}:{options.port} in a browser; Ctrl-C ends it")
            wait_for_end()
        finally:
            page.close(verbose=False)
    _say("ended")


def _check(options: argparse.Namespace) -> None:
    """Refuse what cannot be served, before anything is loaded; warn of what is dangerous."""
    from ..app.server import check_free, is_local

    if importlib.util.find_spec("gradio") is None:
        raise InputError("the page needs gradio, which is not installed: pip install 'ivg[app]'")
    if not 1 <= options.port <= HIGHEST_PORT:
        raise InputError(f"--port must be from 1 to {HIGHEST_PORT}, got {options.port}")
    if not is_local(options.host):
        if not options.public:
            raise InputError(
                f"--host {options.host} can be reached by other machines, and the page has no password and no "
                "encryption: say --public if that is meant"
            )
        _say(f"warning: every machine that reaches {options.host} can use this page, without password or encryption")
    check_free(options.host, options.port)


def _load(options: argparse.Namespace, load_generator: LoadGenerator | None) -> DemoGenerator:
    from ..app.generator import load_telling_generator

    return (load_generator or load_telling_generator)(options.weights, options.device)


def _shown(host: str) -> str:
    """Return a host as it stands in an address to open on this machine."""
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)


def _say(words: str) -> None:
    print(f"{PROGRAM}: {words}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
