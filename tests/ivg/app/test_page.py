"""`ivg-app`'s page as gradio has it: what its browser is told, what its parts are changed to."""

import asyncio
import importlib.util
import json
import re
from pathlib import Path

import numpy as np
import pytest

from ivg.app.session import AppSession
from ivg.app.view import AppView, new_stages
from ivg.envs.kitchen.tasks import TASKS
from ivg.workflows.context import ContextFrame

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("gradio") is None, reason="gradio is not installed: pip install 'ivg[app]'"
    ),
    pytest.mark.filterwarnings("default"),  # gradio and what it stands on warn of one another
]


@pytest.fixture(scope="module")
def page():
    from ivg.app.page import new_page

    async def make(session):  # where no loop runs, gradio makes some that it does not close
        return new_page(session, packaged=True)

    with AppSession(lambda: pytest.fail("nothing is generated here")) as session:
        yield asyncio.run(make(session))


def test_the_page_offers_every_known_task(page):
    told = json.dumps(page.get_config_file()["components"])
    for task in TASKS.values():
        assert f'"{task.sentence}"' in told


def test_nothing_can_be_called_from_outside_of_the_page(page):
    assert page.get_api_info()["named_endpoints"] == {}
    assert not page.api_open
    assert page.analytics_enabled is False
    assert page.delete_cache is not None


def test_runs_go_one_at_a_time(page):
    runs = [fn for fn in page.fns.values() if fn.name == "run"]
    assert [fn.concurrency_limit for fn in runs] == [1]
    assert [fn.preprocess for fn in runs] == [False]


def test_the_looks_load_nothing_from_elsewhere():
    from ivg.app.style import STYLE, new_theme

    theme = new_theme()
    for css in (STYLE, theme._get_theme_css()):
        assert "@import" not in css
        assert all(place.startswith("data:") for place in re.findall(r"url\([\"']?([^)]*)\)", css))
    assert not any(theme._stylesheets)


def test_only_what_changes_is_sent():
    import gradio as gr

    from ivg.app.page import PARTS, Updates

    names = [name for name, *_ in PARTS]
    updates = Updates()
    assert all(isinstance(html, str) for html in updates(AppView(stages=new_stages())))
    view = AppView(stages=new_stages(), context=ContextFrame(np.zeros((64, 64, 3), np.uint8), "x"))
    sent = dict(zip(names, updates(view), strict=True))
    changed = {name for name, html in sent.items() if html != gr.skip()}
    assert changed == {"progress", "scene", "region"}  # the region is drawn over the scene
    assert all(html == gr.skip() for html in updates(view))
    told = dict(zip(names, updates(view.changed(message="no")), strict=True))
    assert {name for name, html in told.items() if html != gr.skip()} == {"progress", "messages"}


def test_only_uploaded_files_are_taken(tmp_path):
    from ivg.app.controls import dropped_file

    folder = tmp_path / "uploads"
    folder.mkdir()
    (folder / "a.png").write_bytes(b"x")
    (tmp_path / "b.png").write_bytes(b"x")
    (folder / "link.png").symlink_to(tmp_path / "b.png")
    good = {"path": str(folder / "a.png"), "orig_name": "../../mine.png"}
    assert dropped_file(good, str(folder)) == (str((folder / "a.png").resolve()), "mine.png")
    for path in (tmp_path / "b.png", folder / ".." / "b.png", folder / "link.png", Path("/etc/passwd")):
        assert dropped_file({"path": str(path)}, str(folder)) == (None, "")
    for nothing in (None, {}, "a.png", ["a.png"], {"path": 3}, {"path": None}):
        assert dropped_file(nothing, str(folder)) == (None, "")


def test_no_stub_is_written_beside_the_source():
    import ivg.app.page

    assert not list(Path(ivg.app.page.__file__).parent.glob("*.pyi"))
