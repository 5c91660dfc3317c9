"""A page in Chromium without a window, driven by playwright.

``python tests/policy/datasets/viewing/browser.py 'page.html#1@74' image.png`` takes a screenshot of a page.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome-headless-shell")
PATIENCE_S = 60.0


def find_chromium() -> str | None:
    """Return the path of Chromium: that of the environment variable IVG_CHROMIUM, or one on the PATH."""
    return os.environ.get("IVG_CHROMIUM") or next((path for name in NAMES if (path := shutil.which(name))), None)


@contextmanager
def chromium(path: str) -> Iterator[Any]:
    """Start Chromium; gives playwright's browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])


class Browser:
    """One page.

    Attributes:
        page: Playwright's page.
        complaints: Warnings and errors in the console, and uncaught errors.
        requests: Addresses that the page asked for.
    """

    def __init__(self, started: Any, width: int = 1400, height: int = 1000, dark: bool = False) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page = started.new_page(
            viewport={"width": width, "height": height},
            is_mobile=width < 600,
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        self.page.on("console", lambda said: said.type not in ("warning", "error") or self.complaints.append(said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self._protocol = self.page.context.new_cdp_session(self.page)

    def open(self, address: str) -> None:
        """Go to an address and wait until the page is loaded."""
        self.page.goto("about:blank")
        self.page.goto(address)

    def run(self, expression: str) -> Any:
        """Return the JSON value of an expression in the page, whatever its content security policy."""
        answer = self._protocol.send("Runtime.evaluate", {"expression": expression, "returnByValue": True})
        if "exceptionDetails" in answer:
            raise AssertionError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait(self, expression: str) -> Any:
        """Wait until an expression is true, and return its value."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if value := self.run(expression):
                return value
            self.page.wait_for_timeout(30)
        raise AssertionError(f"never became true: {expression}")


def take_screenshot(address: str, target: Path) -> None:
    """Write a PNG of a page of ``ivg-view`` once all of it is drawn."""
    path = find_chromium()
    if path is None:
        raise SystemExit("no Chromium: install one, or give its path in IVG_CHROMIUM")
    with chromium(path) as started:
        browser = Browser(started, 1340, 960)
        page, _, fragment = address.partition("#")
        browser.open(f"{Path(page).resolve().as_uri()}#{fragment}")
        browser.wait("document.getElementById('clock').textContent !== ''")
        browser.page.wait_for_timeout(2000)
        browser.page.screenshot(path=target)


if __name__ == "__main__":
    take_screenshot(sys.argv[1], Path(sys.argv[2]))
