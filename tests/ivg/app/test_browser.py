"""`ivg-app` in a browser: a clip and a verdict appear, no other host is asked for anything, no error is logged."""

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time

import pytest

CHROMIUM = os.environ.get("IVG_CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)


def lacking():
    """What has to be there and is not."""
    for package, remedy in (("gradio", "pip install 'ivg[app]'"), ("playwright", "pip install playwright")):
        if importlib.util.find_spec(package) is None:
            return f"{package} is not installed: {remedy}"
    return "" if CHROMIUM else "there is no chromium on the PATH, and none in IVG_CHROMIUM"


pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(bool(lacking()), reason=lacking() or "-"),
    pytest.mark.filterwarnings("default"),
]

PATIENCE_MS = 240_000
"""A machine may be busy with other things."""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Serves the page with the packaged weights; it ends politely and leaves no file."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("app")
    environment = {**os.environ, "TMPDIR": str(folder), "GRADIO_ALLOWED_PATHS": "/"}
    command = [sys.executable, "-m", "ivg.cli.app", "--port", str(port)]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(command, stderr=log, stdout=log, env=environment)
    deadline = time.monotonic() + 200
    while "in a browser" not in (folder / "log").read_text():
        assert server.poll() is None, (folder / "log").read_text()
        assert time.monotonic() < deadline, "it does not start"
        time.sleep(0.2)
    yield f"http://127.0.0.1:{port}"
    server.terminate()
    assert server.wait(60) == 0
    said = (folder / "log").read_text()
    assert "Traceback" not in said, said
    assert not list(folder.glob("ivg-app-*"))


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser, address):
    """The page; it fails the test if an error is logged or another host is asked."""
    tab = browser.new_page(viewport={"width": 1400, "height": 1000})
    errors, elsewhere = [], []
    tab.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    tab.on("pageerror", lambda error: errors.append(str(error)))
    own = (f"{address}/", "data:", "blob:")
    tab.on("request", lambda request: None if request.url.startswith(own) else elsewhere.append(request.url))
    tab.set_default_timeout(PATIENCE_MS)
    tab.goto(address)
    tab.wait_for_selector("#ivg-go")
    yield tab
    assert errors == []
    assert elsewhere == []
    tab.close()


def set_steps(page, steps):
    page.click("#ivg-advanced button")
    page.fill("#ivg-steps input[type=number]", str(steps))
    page.keyboard.press("Tab")


def wait_for_words(page, selector, words):
    page.wait_for_function(
        "([selector, words]) => document.querySelector(selector).innerText.includes(words)", arg=[selector, words]
    )


def test_a_scene_and_a_task_become_a_clip_and_a_verdict(page):
    page.fill("#ivg-seed input", "1")
    page.click("#ivg-next")
    page.wait_for_function("document.querySelector('#ivg-seed input').value === '2'")
    page.get_by_role("button", name="open the drawer", exact=True).click()
    page.wait_for_function("document.querySelector('#ivg-task textarea, #ivg-task input').value === 'open the drawer'")
    set_steps(page, 2)
    page.click("#ivg-go")
    page.wait_for_selector("#ivg-scene img")
    assert page.is_disabled("#ivg-go")
    page.wait_for_selector("#ivg-region img")
    page.wait_for_selector("#ivg-clip video")
    page.wait_for_selector("#ivg-hands video")
    page.wait_for_selector("#ivg-trajectory img, #ivg-messages .ivg-message")
    page.wait_for_selector("#ivg-robot .ivg-verdict, #ivg-messages .ivg-message")
    page.wait_for_function("!document.querySelector('#ivg-go').disabled")
    assert page.locator("#ivg-progress .running").count() == 0
    assert page.locator("#ivg-progress .done").count() >= 5
    assert "s in all" in page.inner_text("#ivg-progress")
    playing = "const v = document.querySelector('#ivg-clip video'); return v.readyState > 1 && v.videoWidth === 256"
    page.wait_for_function(f"() => {{ {playing} }}")


def test_a_text_that_is_named_an_image_is_refused(page, tmp_path):
    (tmp_path / "fake.png").write_text("this is no image")
    page.get_by_role("radio", name="My image").check()
    wait_for_words(page, "#ivg-messages", "trained on rendered kitchens")
    page.set_input_files("#ivg-image input[type=file]", str(tmp_path / "fake.png"))
    wait_for_words(page, "#ivg-messages", "'fake.png' is no image of these kinds")
    page.click("#ivg-go")
    wait_for_words(page, "#ivg-messages", "No image yet")
    assert page.locator("#ivg-scene img").count() == 0


def test_an_image_becomes_a_clip_and_its_limits_are_told(page, tmp_path):
    import numpy as np
    from PIL import Image

    small = np.random.default_rng(0).integers(60, 200, (6, 8, 3), np.uint8)
    Image.fromarray(small).resize((160, 120), Image.Resampling.BICUBIC).save(tmp_path / "mine.jpg")
    page.get_by_role("radio", name="My image").check()
    page.set_input_files("#ivg-image input[type=file]", str(tmp_path / "mine.jpg"))
    page.wait_for_selector("#ivg-scene img")
    set_steps(page, 1)
    page.click("#ivg-go")
    page.wait_for_selector("#ivg-hands video")
    wait_for_words(page, "#ivg-messages", "seldom make a good clip")
    wait_for_words(page, "#ivg-messages", "An image has no robot")
    assert not page.is_visible("#ivg-robot")


def test_a_run_is_stopped_and_another_visitor_waits_meanwhile(page, browser, address):
    set_steps(page, 50)
    page.click("#ivg-go")
    page.wait_for_selector("#ivg-region img")
    other = browser.new_page()
    other.set_default_timeout(PATIENCE_MS)
    other.goto(address)
    other.click("#ivg-go")
    wait_for_words(other, "#ivg-messages", "Another visitor's run is on")
    assert other.locator("#ivg-scene img").count() == 0
    page.click("#ivg-stop")
    wait_for_words(page, "#ivg-messages", "Stopped.")
    page.wait_for_function("!document.querySelector('#ivg-go').disabled")
    assert page.locator("#ivg-progress .stopped").count() == 1
    other.wait_for_selector("#ivg-scene img")  # its turn
    other.close()
