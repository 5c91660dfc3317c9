"""What ``ivg-app`` answers of all that gradio could: its page, and requests no larger than a picture."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .picture import LARGEST_FILE_MB

PAGES = ("/", "/config", "/favicon.ico", "/manifest.json", "/robots.txt", "/theme.css")
FOLDERS = ("/assets/", "/static/", "/svelte/")
"""The page and what it is made of."""

CALLS = (
    *("info", "startup-events", "app_id", "theme.css", "login_check"),
    *("queue/join", "queue/data", "cancel", "reset", "upload", "upload_progress"),
)
CALLS_ABOUT = ("run/", "heartbeat/")
"""What the page asks for while it is open, below `PREFIX`."""

PREFIX, FILE, UPLOAD = "/gradio_api/", "/gradio_api/file=", "/gradio_api/upload"

LARGEST_BODY = (LARGEST_FILE_MB + 1) * 2**20
"""Bytes of a request: a picture, and what a browser puts round it."""

MOST_READ_AWAY = 64 * 2**20

MOST_UPLOADED_MB, MOST_UPLOADED = 512, 2000
"""What may lie in the folder of uploads, and how many things; `CACHE_S` says when they go."""

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]

_log = logging.getLogger(__name__)


class Gate:
    """An ASGI middleware that refuses what the page does not need.

    Gradio also offers to fetch other hosts' files, to work on films with FFmpeg, to store the state of a page, and to
    call functions by name; nothing of that is reached.

    Args:
        app: What answers.
        uploads: Where uploaded files lie; no other file is served.
        local: Whether only this machine is served: then other sites that are open in its browsers are refused.
    """

    def __init__(self, app: Any, uploads: Path, local: bool) -> None:
        self.app, self.uploads, self.local = app, uploads.resolve(), local

    async def __call__(self, scope: Message, receive: Any, send: Send) -> None:
        """Answer, or refuse."""
        refusal = self._refusal(scope) if scope["type"] == "http" else None
        if refusal is None and scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return
        status, words = refusal or (404, "Not Found")
        await _read_away(receive)
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": words.encode()})

    def _refusal(self, scope: Message) -> tuple[int, str] | None:
        """Return status and words, or None for what is answered."""
        path, method = str(scope["path"]), str(scope["method"])
        headers = {bytes(name).lower(): bytes(value).decode("latin-1") for name, value in scope["headers"]}
        if not self._is_of_the_page(path):
            return 404, "Not Found"
        if method in ("GET", "HEAD"):
            return None
        if self.local and _from_elsewhere(headers):
            return 403, "Another site may not use this page."
        size = headers.get(b"content-length", "")
        if not size.isdecimal():
            return 411, "A request must say how large it is."
        if int(size[:20]) > LARGEST_BODY:
            return 413, f"At most {LARGEST_FILE_MB} MB are taken."
        if path.rstrip("/") == UPLOAD and self._is_full():
            return 507, "Too many pictures lie here. Try again in half an hour."
        return None

    def _is_of_the_page(self, path: str) -> bool:
        if path.startswith(FILE):
            return self._is_upload(path.removeprefix(FILE))
        bare = path.rstrip("/") or "/"
        if bare in PAGES or path.startswith(FOLDERS):
            return True
        call = bare.removeprefix(PREFIX) if bare.startswith(PREFIX) else ""
        return call in CALLS or call.startswith(CALLS_ABOUT)

    def _is_upload(self, name: str) -> bool:
        return (path := resolved(name)) is not None and path.is_relative_to(self.uploads) and path.is_file()

    def _is_full(self) -> bool:
        """Tell whether no more may be uploaded."""
        things = list(self.uploads.rglob("*"))
        size = sum(thing.stat().st_size for thing in things if thing.is_file())
        full = len(things) > MOST_UPLOADED or size > MOST_UPLOADED_MB * 2**20
        if full:
            _log.warning("an upload was refused: %d things of %d MB lie in %s", len(things), size >> 20, self.uploads)
        return full


async def _read_away(receive: Any) -> None:
    """Read a request that is refused, so that the browser comes to read why; no more than `MOST_READ_AWAY` of it."""
    read, more = 0, True
    while more and read <= MOST_READ_AWAY:
        message = await receive()
        read += len(message.get("body", b""))
        more = message["type"] == "http.request" and bool(message.get("more_body"))


def resolved(name: str) -> Path | None:
    """Return a path that a browser named, absolute and without links; None for what can be no path."""
    try:
        path = Path(name).resolve()
        path.is_file()
    except (OSError, ValueError, RuntimeError):  # a zero byte, a name too long, links in a circle
        return None
    return path


def _from_elsewhere(headers: dict[bytes, str]) -> bool:
    """Tell whether a request comes from another site that is open in the visitor's browser."""
    origin = headers.get(b"origin")
    return origin is not None and urlsplit(origin).netloc.lower() != headers.get(b"host", "").lower()
