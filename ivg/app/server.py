"""Serving ``ivg-app``'s page to this machine: no other host is asked for anything, nothing is left behind."""

from __future__ import annotations

import ipaddress
import os
import signal
import socket
import tempfile
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..jobs import environment
from .gate import Gate
from .picture import LARGEST_FILE_MB
from .style import STYLE, new_theme

if TYPE_CHECKING:
    import gradio as gr

LOCAL_HOST, DEFAULT_PORT = "127.0.0.1", 7860

POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' data: blob:; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
"""What the browser may load: this page's own, and nothing from elsewhere."""

HEADERS = {
    b"content-security-policy": POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
}

SETTINGS = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_SHARE": "False",
    "GRADIO_ALLOWED_PATHS": "",
    "GRADIO_MCP_SERVER": "False",
    "GRADIO_SSR_MODE": "False",
    "GRADIO_RUN_HISTORY": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}
"""The environment that gradio is run in, whatever the user's own says."""

UPLOADS = "GRADIO_TEMP_DIR"
"""The variable that says where gradio keeps uploaded files."""

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]


class OwnHeaders:
    """An ASGI middleware that puts `HEADERS` on every answer.

    Args:
        app: What answers.
    """

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Any, send: Send) -> None:
        """Answer."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", []), *HEADERS.items()]}
            await send(message)

        await self.app(scope, receive, with_headers)


def is_local(host: str) -> bool:
    """Whether only this machine can reach a host's address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_free(host: str, port: int) -> None:
    """Refuse an address that cannot be served on.

    Raises:
        InputError: If the port is taken, or the host is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            f"cannot serve on {host}, port {port}: {reason}; choose another with --port or --host"
        ) from error


@contextmanager
def own_folder() -> Iterator[None]:
    """Have gradio keep what is uploaded in a folder that is removed at the end, and have no settings but `SETTINGS`."""
    folders = tempfile.TemporaryDirectory(prefix="ivg-app-", ignore_cleanup_errors=True)
    theirs = {name: value for name, value in os.environ.items() if name.startswith("GRADIO_")}
    for name in theirs:
        del os.environ[name]
    try:
        with folders as folder, environment({**SETTINGS, UPLOADS: folder}):
            yield
    finally:
        os.environ.update(theirs)


def launch(page: gr.Blocks, host: str, port: int) -> None:
    """Begin to serve a page; `page.close()` ends it. Call it within `own_folder`.

    Args:
        page: What `new_page` made.
        host: Address of this machine. Where it is local, only requests that name it are answered.
        port: Free.
    """
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    names = ["localhost", "127.0.0.1", "[::1]", host] if is_local(host) else ["*"]
    middleware = [
        Middleware(OwnHeaders),
        Middleware(TrustedHostMiddleware, allowed_hosts=names),
        Middleware(Gate, uploads=Path(os.environ[UPLOADS]), local=is_local(host)),
    ]
    page.launch(
        server_name=host,
        server_port=port,
        share=False,
        inline=False,
        quiet=True,
        prevent_thread_lock=True,
        show_error=False,
        footer_links=[],
        run_history=False,
        allowed_paths=[],
        max_file_size=f"{LARGEST_FILE_MB}mb",
        enable_monitoring=False,
        strict_cors=True,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        theme=new_theme(),
        css=STYLE,
        app_kwargs={"middleware": middleware, "docs_url": None, "redoc_url": None, "openapi_url": None},
    )


@contextmanager
def ended_politely() -> Iterator[None]:
    """Have a polite kill raise KeyboardInterrupt as Ctrl-C does, so that what is open is closed."""

    def end(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def wait_for_end() -> None:
    """Wait until the process is asked to end."""
    with suppress(KeyboardInterrupt):
        threading.Event().wait()
