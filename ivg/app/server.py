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
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..jobs import environment
from ..workflows.demo.context import PACKAGED_WEIGHTS
from .inputs import MAX_FILE_MB
from .run import AppWorker

if TYPE_CHECKING:
    import gradio as gr

    from ..policy import DemoGenerator

SETTINGS = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_DISABLE_TELEMETRY": "1"}  # whatever the user's own say
STYLE_SHEET = Path(__file__).with_name("page.css")


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
        weights: "nano", or a folder that `save_pretrained` wrote; others raise a `WeightsError`.
        device: Torch device.
        on_message: Called with messages for whoever started it.

    Raises:
        InputError: If gradio is not installed, or the address cannot be served on.
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

    names = ["localhost", "127.0.0.1", "[::1]", host] if is_local(host) else ["*"]
    middleware = [Middleware(TrustedHostMiddleware, allowed_hosts=names)]
    off = ("share", "inline", "show_error", "run_history", "enable_monitoring", "ssr_mode", "pwa", "mcp_server")
    options: dict[str, Any] = dict.fromkeys(off, False)
    options |= dict.fromkeys(("quiet", "prevent_thread_lock", "strict_cors"), True)
    options |= {"max_file_size": f"{MAX_FILE_MB}mb", "allowed_paths": [], "footer_links": []}
    options |= {"theme": new_theme(), "css_paths": STYLE_SHEET}
    options |= {"app_kwargs": {"middleware": middleware, "openapi_url": None}}
    page.launch(server_name=host, server_port=port, **options)


def new_theme() -> gr.themes.Base:
    """Return the theme, which, like the style sheet, loads nothing from elsewhere: the fonts are the machine's own."""
    import gradio as gr

    looks: dict[str, Any] = {"primary_hue": "teal", "secondary_hue": "teal", "neutral_hue": "slate"}
    looks |= {"font": ["Helvetica Neue", "Arial", "sans-serif"], "font_mono": ["Menlo", "Consolas", "monospace"]}
    theme = gr.themes.Base(radius_size="lg", **looks)
    return theme.set(
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_dark="*primary_600",
        button_primary_background_fill_hover_dark="*primary_500",
        button_primary_text_color="white",
        block_label_text_size="*text_sm",
        body_text_color_subdued="*neutral_500",
        body_text_color_subdued_dark="*neutral_400",
        block_info_text_color="*neutral_500",
        block_info_text_color_dark="*neutral_400",
    )


def check_address(host: str, port: int, public: bool = False) -> None:
    """Refuse, before anything is loaded, a port that is taken or none, a host that others reach, and no gradio."""
    if importlib.util.find_spec("gradio") is None:
        raise InputError("the page needs gradio, which is not installed: pip install 'ivg[app]'")
    if not 1 <= port <= 65535:
        raise InputError(f"port must be from 1 to 65535, got {port}")
    if not is_local(host) and not public:
        reason = f"host {host} can be reached by other machines, and the page has no password and no encryption"
        raise InputError(f"{reason}: say --public (public=True) if that is meant")
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        said = error.strerror or error
        raise InputError(f"cannot serve on {host}, port {port}: {said}; choose another port or host") from error


def is_local(host: str) -> bool:
    """Whether only this machine can reach a host's address."""
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


@contextmanager
def own_folder() -> Iterator[None]:
    """Have gradio keep what is uploaded in a folder that is removed at the end, and have no settings but `SETTINGS`."""
    theirs = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("GRADIO_")}
    try:
        temporary = tempfile.TemporaryDirectory(prefix="ivg-app-", ignore_cleanup_errors=True)
        with temporary as folder, environment({**SETTINGS, "GRADIO_TEMP_DIR": folder}):
            yield
    finally:
        os.environ.update(theirs)
