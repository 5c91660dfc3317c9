"""Serves the page, to this machine unless asked otherwise; nothing is left behind."""

from __future__ import annotations

import importlib.util
import ipaddress
import os
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..jobs import environment
from ..workflows.demo.context import PACKAGED_WEIGHTS
from .inputs import MAX_FILE_MB
from .run import AppWorker

if TYPE_CHECKING:
    import gradio as gr

    from ..policy import DemoGenerator

_OFF = ("share", "inline", "show_error", "run_history", "enable_monitoring", "ssr_mode", "pwa", "mcp_server")
_ON = ("quiet", "prevent_thread_lock", "strict_cors")
"""Options of gradio's launch."""

SETTINGS = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_DISABLE_TELEMETRY": "1"}
"""The environment of gradio, whatever the user's own says."""


def serve(
    host: str = "127.0.0.1",
    port: int = 7860,
    *,
    public: bool = False,
    weights: str = PACKAGED_WEIGHTS,
    device: str = "cpu",
    on_message: Callable[[str], None] = print,
) -> None:
    """Serve the page until the process is interrupted (Ctrl-C) or terminated.

    Args:
        host: Address to serve on.
        port: From 1 to 65535.
        public: Allow a host that other machines can reach; there is no password and no encryption.
        weights: "nano", or a folder that `save_pretrained` wrote.
        device: Torch device.
        on_message: Called with what is to be told to whoever started it.

    Raises:
        InputError: If gradio is not installed, or the address cannot be served on.
        WeightsError: If the weights cannot be used.
    """
    check_address(host, port, public)
    if not is_local(host):
        on_message(f"warning: every machine that reaches {host} can use this page, without password or encryption")

    def load() -> DemoGenerator:
        from ..policy import DemoGenerator

        return DemoGenerator.from_pretrained(weights, device=device)

    before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C, so that what is open is closed
    try:
        with own_folder(), closing(AppWorker(load)) as worker, suppress(KeyboardInterrupt):
            on_message(f"loading the weights {weights}")
            packaged = worker.load() == PACKAGED_WEIGHTS
            from .page import Page

            with closing(Page(worker, packaged).blocks) as page:
                launch(page, host, port)
                shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
                on_message(f"open http://{shown}:{port} in a browser; Ctrl-C ends it")
                threading.Event().wait()
    finally:
        signal.signal(signal.SIGTERM, before)
    on_message("ended")


def launch(page: gr.Blocks, host: str, port: int) -> None:
    """Begin to serve a page; `page.close()` ends it. Call it within `own_folder`."""
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    from .style import STYLE_SHEET, new_theme

    names = ["localhost", "127.0.0.1", "[::1]", host] if is_local(host) else ["*"]
    middleware = [Middleware(TrustedHostMiddleware, allowed_hosts=names)]
    options: dict[str, Any] = dict.fromkeys(_OFF, False) | dict.fromkeys(_ON, True)
    page.launch(
        server_name=host,
        server_port=port,
        max_file_size=f"{MAX_FILE_MB}mb",
        allowed_paths=[],
        footer_links=[],
        theme=new_theme(),
        css_paths=STYLE_SHEET,
        app_kwargs={"middleware": middleware, "openapi_url": None},
        **options,
    )


def check_address(host: str, port: int, public: bool = False) -> None:
    """Refuse what cannot or should not be served on, before anything is loaded.

    Raises:
        InputError: If gradio is missing, the port is taken or none, or other machines reach a host that is not public.
    """
    if importlib.util.find_spec("gradio") is None:
        raise InputError("the page needs gradio, which is not installed: pip install 'ivg[app]'")
    if not 1 <= port <= 65535:
        raise InputError(f"port must be from 1 to 65535, got {port}")
    if not is_local(host) and not public:
        raise InputError(
            f"host {host} can be reached by other machines, and the page has no password and no encryption: "
            "say --public (public=True) if that is meant"
        )
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        reason = error.strerror or error
        raise InputError(f"cannot serve on {host}, port {port}: {reason}; choose another port or host") from error


def is_local(host: str) -> bool:
    """Whether only this machine can reach a host's address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@contextmanager
def own_folder() -> Iterator[None]:
    """Have gradio keep what is uploaded in a folder that is removed at the end, and have no settings but `SETTINGS`."""
    theirs = {name: value for name, value in os.environ.items() if name.startswith("GRADIO_")}
    for name in theirs:
        del os.environ[name]
    try:
        with (
            tempfile.TemporaryDirectory(prefix="ivg-app-", ignore_cleanup_errors=True) as folder,
            environment({**SETTINGS, "GRADIO_TEMP_DIR": folder}),
        ):
            yield
    finally:
        os.environ.update(theirs)
