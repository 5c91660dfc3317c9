"""The page in a browser without a window: it opens from a file, plays, filters, and draws what it says."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

LOADED = "document.getElementById('clock').textContent !== '' || document.getElementById('player').hidden"
VISIBLE = "[...document.querySelectorAll('.rows li')].filter((row) => row.offsetParent !== null)"


@pytest.fixture
def look(open_browser):
    """Opens a page, `look(page, "0@5", width=...)`, and checks at the end that it had nothing to complain about."""
    used = []

    def opened(page, address="", **settings):
        browser = open_browser(**settings)
        used.append((browser, page))
        browser.open(f"file://{page}#{address}")
        browser.wait(LOADED)
        return browser

    yield opened
    for browser, _ in used:
        assert not browser.complaints
        asked = {request.partition("#")[0] for request in browser.requests}
        assert asked <= {"about:blank", *(f"file://{page}" for _, page in used)}


def text(browser, name):
    return browser.run(f"document.getElementById('{name}').textContent")


def click(browser, selector):
    browser.run(f"document.querySelector({selector!r}).click()")


def drawn(browser, canvas):
    """What a canvas shows, float (h, w, 3)."""
    data = base64.b64decode(pixels(browser, canvas).partition(",")[2])
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), float)


def middle(browser, canvas):
    """The grey in the middle of a canvas."""
    picture = drawn(browser, canvas)
    return picture[picture.shape[0] // 2, picture.shape[1] // 2, 0]


def pixels(browser, canvas):
    return browser.run(f"document.getElementById('{canvas}').toDataURL()")


def keys_seen(browser):
    return browser.run(f"{VISIBLE}.map((row) => row.querySelector('button').dataset.key)")


def change(browser, name, value, event="change"):
    """Set the value of a control as a user does."""
    browser.run(
        f"(() => {{ const control = document.getElementById({name!r}); control.value = {value!r};"
        f"control.dispatchEvent(new Event({event!r})); }})()"
    )


def switched(browser, box, canvas):
    """Check that a box switches something on a canvas off and on."""
    before = pixels(browser, canvas)
    click(browser, f"#{box}")
    without = pixels(browser, canvas)
    click(browser, f"#{box}")
    assert without != before
    assert pixels(browser, canvas) == before


def test_it_opens_from_a_file_and_asks_for_nothing(look, page):
    browser = look(page)
    assert text(browser, "name") == "robot.zarr"
    assert text(browser, "tiles").startswith("Episodes3")
    assert keys_seen(browser) == ["0", "1", "2", "refused-2", "refused-4", "refused-5"]
    assert [request.partition("#")[0] for request in browser.requests if "about" not in request] == [f"file://{page}"]
    image = np.asarray(Image.open(io.BytesIO(browser.page.screenshot())).convert("RGB"))
    assert image.shape == (1000, 1400, 3)
    assert len(np.unique(image.reshape(-1, 3), axis=0)) > 100


def test_the_clip_plays(look, page):
    browser = look(page, "0@0")
    assert text(browser, "play").endswith("Play"), "an address with a tick is shown at rest"
    click(browser, "#play")
    first = text(browser, "frame")
    browser.wait(f"document.getElementById('frame').textContent !== {first!r}")
    browser.wait("document.getElementById('frame').textContent === 'frame 16 of 16'")
    browser.wait("Number(document.getElementById('slider').value) < 10")  # it begins again
    click(browser, "#play")
    assert text(browser, "play").endswith("Play")
    at = browser.run("document.getElementById('slider').value")
    browser.page.wait_for_timeout(300)
    assert browser.run("document.getElementById('slider').value") == at


@pytest.mark.parametrize("tick", [0, 13, 29])
def test_clip_and_robot_are_in_step(look, page, made, tick):
    browser = look(page, f"0@{tick}")
    click(browser, "#show-hands")
    frame = int(made[0].demo_frame[tick])
    assert text(browser, "frame") == f"frame {frame + 1} of 16"
    assert text(browser, "step") == f"step {tick + 1} of 30"
    assert abs(middle(browser, "clip") - 10 * frame) <= 4
    shown = np.unique(np.linspace(0, 29, 24).round())
    assert abs(middle(browser, "robot") - (250 - 5 * shown[np.abs(shown - tick).argmin()])) <= 4


def test_at_their_own_speeds_the_clip_runs_by_its_own_clock(look, page):
    browser = look(page, "0@0")
    change(browser, "mode", "time")
    assert browser.run("document.getElementById('slider').max") == "39", "16 frames at 8 are 40 steps at 20 a second"
    for tick, frame, step in ((20, 9, 21), (39, 16, 30)):
        change(browser, "slider", tick, "input")
        assert text(browser, "frame") == f"frame {frame} of 16"
        assert text(browser, "step") == f"step {step} of 30"


def test_filters_by_task(look, page):
    browser = look(page)
    click(browser, "[data-task=push_plate]")
    assert keys_seen(browser) == ["1", "refused-2", "refused-5"]
    assert text(browser, "count") == "1 episode, 2 refused"
    click(browser, "[data-task=open_drawer]")
    assert len(keys_seen(browser)) == 6
    click(browser, "[data-task=push_plate]")
    assert keys_seen(browser) == ["0", "2", "refused-4"]
    click(browser, "#reset")
    assert len(keys_seen(browser)) == 6


def test_filters_by_success_and_by_reason(look, page):
    browser = look(page)
    for outcome, keys in [
        ("done", ["0", "2"]),
        ("not done", ["1"]),
        ("refused", ["refused-2", "refused-4", "refused-5"]),
        ("refused:not_done", ["refused-4", "refused-5"]),
        ("refused:no_hand", ["refused-2"]),
    ]:
        change(browser, "outcome", outcome)
        assert browser.run("document.getElementById('outcome').value") == outcome
        assert keys_seen(browser) == keys, outcome


def test_filters_by_text(look, page):
    browser = look(page)
    for sought, keys in [
        ("schwung möhre", ["0", "1"]),
        ("103", ["2"]),
        ("IN 13 OF", ["refused-2"]),
        ("push_plate", ["1", "refused-2", "refused-5"]),
    ]:
        change(browser, "search", sought, "input")
        assert keys_seen(browser) == keys, sought
    change(browser, "search", "nothing like it", "input")
    assert keys_seen(browser) == []
    assert browser.run("!document.getElementById('nothing').hidden")


def test_overlays_can_be_switched_off_and_on(look, page, demo_page):
    browser = look(page, "0@20")
    switched(browser, "show-hands", "clip")
    for box in ("show-plan", "show-path", "show-robot"):
        switched(browser, box, "space")
    browser = look(demo_page, "1@3")
    for box in ("show-hands", "show-region"):
        for canvas in ("clip", "grid"):
            switched(browser, box, canvas)


def test_a_region_lies_where_the_dataset_says(look, demo_page):
    browser = look(demo_page, "0@2")
    click(browser, "#show-hands")
    picture = drawn(browser, "clip")
    scale = picture.shape[1] / 32
    inside, hole, outside = (picture[int(12 * scale), int(x * scale)] for x in (4.5, 10, 28))
    assert abs(hole - 80).max() <= 4
    assert abs(outside - 80).max() <= 4
    assert inside[0] > 95
    assert inside[2] < 80, "yellow lies over it"


def test_of_demonstrations_the_robots_views_are_hidden(look, demo_page):
    browser = look(demo_page)
    assert browser.run("['robot', 'space'].every((name) => document.getElementById(`${name}-view`).hidden)")
    assert browser.run("!document.getElementById('region-toggle').hidden")


def test_space_can_be_turned_and_put_back(look, page):
    browser = look(page, "0@20")
    before = pixels(browser, "space")
    box = browser.page.locator("#space").bounding_box()
    browser.page.mouse.move(box["x"] + 100, box["y"] + 100)
    browser.page.mouse.down()
    browser.page.mouse.move(box["x"] + 160, box["y"] + 100)
    browser.page.mouse.up()
    assert pixels(browser, "space") != before
    browser.run("document.getElementById('space').focus()")
    browser.page.keyboard.press("0")
    assert pixels(browser, "space") == before
    browser.page.keyboard.press("+")
    assert pixels(browser, "space") != before


def test_keys(look, page):
    browser = look(page, "0@5")
    browser.page.keyboard.press("ArrowRight")
    assert browser.run("document.getElementById('slider').value") == "6"
    browser.page.keyboard.press("ArrowLeft")
    browser.page.keyboard.press("ArrowLeft")
    assert browser.run("document.getElementById('slider').value") == "4"
    browser.page.keyboard.press("h")
    assert not browser.run("document.getElementById('show-hands').checked")
    browser.page.keyboard.press("j")
    browser.wait("location.hash === '#1' && document.getElementById('step').textContent.endsWith('of 12')")
    browser.page.keyboard.press("k")
    browser.wait("location.hash === '#0' && document.getElementById('step').textContent.endsWith('of 30')")
    browser.page.keyboard.press("/")
    assert browser.run("document.activeElement.id") == "search"
    browser.page.keyboard.press("j")
    assert browser.run("[location.hash, document.getElementById('search').value].join()") == "#0,j"


def test_a_refused_attempt_says_why(look, page, hostile):
    browser = look(page, "refused-5")
    assert browser.run("document.getElementById('player').hidden")
    assert text(browser, "text") == "push_plate: refused"
    told = text(browser, "facts")
    for part in ("not_done", "the task is not done", "105", hostile):
        assert part in told


def test_hostile_texts_are_read_and_not_obeyed(look, page, hostile):
    browser = look(page, "2@3")
    assert text(browser, "text") == hostile
    assert hostile in browser.run(
        "JSON.parse(document.getElementById('provenance').textContent.replace('NaN', 0)).source"
    )
    assert browser.run("document.title") == "robot.zarr"
    assert browser.run("document.querySelectorAll('img, main script').length") == 0


def test_dark_where_the_reader_likes_it_dark(look, page):
    paper = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)"
    assert min(look(page).run(paper)) > 200
    assert max(look(page, dark=True).run(paper)) < 50


def test_a_telephone_needs_no_scrolling_sideways(look, page, demo_page):
    for shown in (page, demo_page):
        browser = look(shown, width=360, height=740)
        assert browser.run("document.documentElement.scrollWidth") <= 360
