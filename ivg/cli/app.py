"""``ivg-app``: a page in the browser on which a scene and a sentence become a clip, and the robot follows it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from .shared.command import new_parser, run_command

EXAMPLES = """\
  ivg-app
  ivg-app --port 8000 --weights out/train/weights
  ivg-app --host 0.0.0.0 --public
"""


def new_app_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    summary = "Serve a page on which to generate demonstrations and watch a robot follow them."
    parser = new_parser("ivg-app", summary, EXAMPLES)
    parser.add_argument("--host", default="127.0.0.1", metavar="NAME", help="address to serve on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=7860, metavar="N", help="port to serve on (default: 7860)")
    public_help = "allow a --host that other machines can reach; there is no password and no encryption"
    parser.add_argument("--public", action="store_true", help=public_help)
    parser.add_argument("--weights", default="nano", metavar="NAME", help="nano, or a folder (default: nano)")
    parser.add_argument("--device", default="cpu", metavar="NAME", help="torch device (default: cpu)")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command until the process is interrupted; return 0, or 2 when what was asked for cannot be done."""
    options = vars(new_app_parser().parse_args(arguments))
    return run_command("ivg-app", lambda: _run(options))


def _run(options: dict[str, object]) -> None:
    from ..app import serve

    serve(**options, on_message=lambda words: print(f"ivg-app: {words}", file=sys.stderr, flush=True))  # type: ignore[arg-type]


if __name__ == "__main__":
    sys.exit(main())
