"""The page towards visitors who mean no good: what it serves, takes, runs and tells, over HTTP, without a browser.

What it refuses to serve on, and which images it takes: tests/ivg/app/test_server.py and test_inputs.py.
"""

from __future__ import annotations

import asyncio
import importlib.util
import io
import json
import os
import re
import socket
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ivg.app.inputs import MAX_FILE_MB
from ivg.app.run import FAULT, AppWorker
from ivg.app.server import launch, own_folder
from ivg.envs.kitchen.tasks import TASKS

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("gradio") is None, reason="gradio is not installed: pip install 'ivg[app]'"
    ),
    pytest.mark.filterwarnings("default"),  # gradio and what it stands on warn of one another
]

SECRET = "nobody outside may read this"
HOST = "127.0.0.1"
FIELDS = [None, "kitchen", 3, "cut the carrot", False, 1, 1, "drawn", "drawn"]
"""What the page's controls hold, in the order that `Page.begin` takes them."""


@dataclass(frozen=True)
class Answer:
    """An answer of the server."""

    status: int
    body: str
    headers: dict[str, str]


@dataclass
class Served:
    """A page that is served, and the hosts that its process has asked for anything."""

    port: int
    uploads: Path
    blocks: Any
    asked: list[str] = field(default_factory=list)

    def ask(self, path: str, body: bytes | None = None, method: str | None = None, **headers: str) -> Answer:
        """Send a request; underscores in headers are hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(f"http://{HOST}:{self.port}{path}", body, named, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return _answer(answer)
        except urllib.error.HTTPError as refusal:
            return _answer(refusal)

    def upload(self, name: str, content: bytes, **headers: str) -> Answer:
        """Upload a file as a browser does."""
        head = f'--edge\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'.encode()
        kind = {"Content_Type": "multipart/form-data; boundary=edge"}
        return self.ask("/gradio_api/upload", head + content + b"\r\n--edge--\r\n", "POST", **kind, **headers)

    def call(self, name: str, data: list[Any], visitor: str = "me") -> Answer:
        """Have one of the page's functions done, as the page does."""
        content = {"fn_index": self.index(name), "data": data, "session_hash": visitor}
        return self.post("run/predict", content)

    def index(self, name: str) -> int:
        """Return gradio's number of a function of the page."""
        (index,) = (index for index, fn in self.blocks.fns.items() if fn.name == name)
        return int(index)

    def post(self, call: str, content: Any) -> Answer:
        """Post JSON to one of gradio's calls."""
        return self.ask(f"/gradio_api/{call}", json.dumps(content).encode(), "POST", Content_Type="application/json")


def _answer(answer: Any) -> Answer:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Answer(int(answer.status), answer.read().decode("utf-8", "replace"), headers)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """Serves a page whose generator fails with a message that holds a path of the machine."""
    from ivg.app.page import Page

    async def serve(worker: AppWorker, port: int) -> Any:  # where no loop runs, gradio makes some and closes none
        blocks = Page(worker, packaged=True).blocks
        launch(blocks, HOST, port)
        return blocks

    def load() -> Any:
        raise RuntimeError(f"{Path(__file__).resolve()}: {SECRET}")

    with pytest.MonkeyPatch.context() as patch, own_folder(), closing(AppWorker(load)) as worker:
        asked = _listen_to_questions(patch)
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            port = int(probe.getsockname()[1])
        blocks = asyncio.run(serve(worker, port))
        yield Served(port, Path(os.environ["GRADIO_TEMP_DIR"]).resolve(), blocks, asked)
        blocks.close(verbose=False)


def _listen_to_questions(patch: pytest.MonkeyPatch) -> list[str]:
    """Note the hosts that this process connects to, or asks the address of."""
    asked: list[str] = []
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def connecting(self: socket.socket, address: Any) -> None:
        asked.append(str(address[0]) if isinstance(address, tuple) else "")
        connect(self, address)

    def looking_up(host: Any, *arguments: Any, **options: Any) -> Any:
        asked.append(str(host))
        return look_up(host, *arguments, **options)

    patch.setattr(socket.socket, "connect", connecting)
    patch.setattr(socket, "getaddrinfo", looking_up)
    return asked


@pytest.fixture
def image() -> bytes:
    file = io.BytesIO()
    Image.effect_noise((96, 80), 40).convert("RGB").save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text(SECRET)
    return tmp_path / "secret.txt"


def dropped(served: Served, place: str, name: str = "mine.png", **more: Any) -> Answer:
    """Tell the page that a file was dropped."""
    file = {"path": place, "orig_name": name, "meta": {"_type": "gradio.FileData"}, **more}
    return served.call("dropped", [file])


def test_it_listens_to_this_machine_only(served: Served) -> None:
    """Whoever listens to all addresses listens to 127.0.0.2, too."""
    own = {str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for address in {*own, "127.0.0.2"} - {HOST}:
        with socket.socket() as probe, pytest.raises(OSError):  # noqa: PT011 (refused, unreachable, timed out)
            probe.settimeout(3)
            probe.connect((address, served.port))
    assert served.ask("/").status == 200


OUTSIDE = [
    *("{path}", "{relative}", "{uploads}/../{path}", "file://{path}", "{link}", "..%2f..%2f..%2f..%2f..%2f..{path}"),
    *("{path}%00.png", "/etc/passwd", "/proc/self/environ", "~/.bashrc", "\\\\host\\share", "pyproject.toml"),
]


@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.parametrize("route", ["/gradio_api/file=", "/file=", "/static/", "/assets/"])
def test_no_other_file_is_served(served: Served, secret: Path, name: str, route: str) -> None:
    link = served.uploads / "link.txt"
    link.unlink(missing_ok=True)
    link.symlink_to(secret)
    places = {"path": secret, "relative": os.path.relpath(secret), "uploads": served.uploads, "link": link}
    answer = served.ask(route + name.format(**places))
    link.unlink()
    assert answer.status >= 400
    assert SECRET not in answer.body
    assert "root:" not in answer.body


def test_what_was_uploaded_is_served_and_never_as_a_page(served: Served, image: bytes) -> None:
    (place,) = json.loads(served.upload("mine.png", image).body)
    answer = served.ask(f"/gradio_api/file={place}")
    assert (answer.status, answer.headers["content-type"]) == (200, "image/png")
    for name in ("evil.html", "evil.svg", "evil.js"):
        (place,) = json.loads(served.upload(name, b"<script>alert(1)</script>").body)
        assert Path(place).is_relative_to(served.uploads)
        answer = served.ask(f"/gradio_api/file={place}")
        assert answer.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize("name", ["../../up.png", "/etc/up.png", "..", "a\\..\\..\\up.png", f"{'x' * 300}.png"])
def test_the_name_of_an_upload_leads_nowhere(served: Served, image: bytes, name: str) -> None:
    answer = served.upload(name, image)
    assert answer.status in (200, 400, 500)
    for place in json.loads(answer.body) if answer.status == 200 else []:
        assert Path(place).resolve().is_relative_to(served.uploads)
    around = [served.uploads, *served.uploads.parents, Path("/etc")]
    assert not [folder for folder in around if (folder / "up.png").exists()]


def test_a_file_that_is_too_large_is_refused_and_not_kept(served: Served) -> None:
    answer = served.upload("large.png", bytes(MAX_FILE_MB * 2**20 + 1))
    assert answer.status == 413
    assert not list(served.uploads.rglob("large.png"))


@pytest.mark.parametrize(
    "content", [b"a text", b"%PDF-1.7 ...", b"<svg/>", b"PK\x03\x04 ...", b"\x89PNG\r\n\x1a\n ...", b""]
)
def test_what_is_no_image_is_told_by_its_name(served: Served, content: bytes) -> None:
    (place,) = json.loads(served.upload("mine.png", content).body)
    answer = dropped(served, place)
    assert answer.status == 200
    assert answer.body.count("mine.png") == 1
    assert str(served.uploads) not in answer.body


@pytest.mark.parametrize(
    "place", ["{secret}", "/etc/passwd", "{uploads}", "{uploads}/../secret.txt", "a\0b", "x" * 5000]
)
def test_an_image_that_was_not_uploaded_is_not_read(served: Served, secret: Path, place: str) -> None:
    answer = dropped(served, place.format(secret=secret, uploads=served.uploads))
    assert "data:image" not in answer.body
    assert not [words for words in private_words(served) if words in answer.body]


def test_no_function_is_offered_and_a_run_is_not_done_past_the_queue(served: Served) -> None:
    assert json.loads(served.ask("/gradio_api/info").body) == {"named_endpoints": {}, "unnamed_endpoints": {}}
    answer = served.call("run", [None])
    assert answer.status == 404
    assert "join the queue" in answer.body
    assert served.post("run/no_such_thing", {"data": []}).status >= 400


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({3: " "}, "must say what to do"),
        ({3: "123 !"}, "must say what to do"),
        ({3: "a" * 201}, "201 characters"),
        ({3: "cut\0 it"}, "cannot be printed"),
        ({2: -1}, "eed must be a whole number from 0"),
        ({2: 2**31}, "eed must be"),
        ({2: None}, "got nothing"),
        ({1: "image"}, "o image yet"),
    ],
)
def test_a_wrong_request_is_told_in_the_page(served: Served, changed: dict[int, Any], words: str) -> None:
    answer = served.call("begin", [changed.get(k, value) for k, value in enumerate(FIELDS)], words)
    assert words in answer.body


@pytest.mark.parametrize("changed", [{1: "/etc"}, {5: 0}, {5: 51}, {6: 99}, {7: "third"}, {8: "x" * 400}, {2: "7" * 9}])
def test_what_the_controls_do_not_offer_begins_no_run(served: Served, changed: dict[int, Any]) -> None:
    answer = served.call("begin", [changed.get(k, value) for k, value in enumerate(FIELDS)])
    assert answer.status >= 400 or "must be" in answer.body


def private_words(served: Served) -> list[str]:
    """Return what would tell a visitor about the machine."""
    folders = {Path.home(), Path.cwd(), Path(__file__).resolve().parents[2], Path(sys.prefix), served.uploads}
    return [SECRET, "Traceback", "site-packages", tempfile.gettempdir() + "/", *map(str, folders)]


def test_no_answer_tells_of_the_machine(served: Served) -> None:
    answers = [served.ask(path) for path in ("/", "/config", "/theme.css", "/nothing", "/static/none.js")]
    garbage: list[Any] = [None, 10**400, -1, "x", [], {}, ["a"], {"path": "/x"}, 1e308, "\0"]
    for name in ("begin", "dropped", "switched", "stop_run", "run", "leave"):
        answers += [served.call(name, [value] * 9) for value in garbage] + [served.call(name, [])]
    joining: list[Any] = [{}, [], {"fn_index": 99, "data": []}, "x"]
    answers += [served.post("queue/join", content) for content in joining]
    for answer in answers:
        told = [words for words in private_words(served) if words in answer.body]
        assert not told, answer.body[:500]


def test_a_fault_in_a_run_is_told_without_its_words(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    begun = json.loads(served.call("begin", FIELDS, "tester").body)["data"]
    assert begun[1] == {"interactive": False, "__type__": "update"}, "it was accepted"
    joining = {"fn_index": served.index("run"), "data": [None], "session_hash": "tester"}
    assert served.post("queue/join", joining).status == 200
    told = ""
    stream = f"http://{HOST}:{served.port}/gradio_api/queue/data?session_hash=tester"
    with urllib.request.urlopen(stream, timeout=120) as lines:
        for line in lines:
            told += line.decode()
            if "close_stream" in told:
                break
    assert "process_completed" in told
    assert FAULT[:40] in told
    assert not [words for words in private_words(served) if words in told]
    assert SECRET in caplog.text, "whoever started the program reads it"


def test_another_site_in_the_same_browser_may_not_use_it(served: Served) -> None:
    assert served.ask("/", Host="example.org").status == 400
    headers = served.ask("/config", Origin="https://example.org").headers
    assert headers.get("access-control-allow-origin") in (None, f"http://{HOST}:{served.port}")


def test_the_page_offers_every_task_and_loads_nothing_from_elsewhere(served: Served) -> None:
    from ivg.app.server import STYLE_SHEET, new_theme

    config = served.ask("/config").body
    for task in TASKS.values():
        assert f'"{task.sentence}"' in config
    for css in (STYLE_SHEET.read_text(), new_theme()._get_theme_css()):
        assert "@import" not in css
        assert all(place.startswith("data:") for place in re.findall(r"url\([\"']?([^)]*)\)", css))
    assert not any(new_theme()._stylesheets)
    runs = [fn for fn in served.blocks.fns.values() if fn.name == "run"]
    assert [fn.concurrency_limit for fn in runs] == [1]


def test_nobody_else_is_asked_and_nothing_is_shared(served: Served) -> None:
    """The last of this file: all that the others did counts."""
    config = json.loads(served.ask("/config").body)
    assert config["analytics_enabled"] is False
    assert config["max_file_size"] == MAX_FILE_MB * 2**20
    assert (served.blocks.share, served.blocks.share_url, served.blocks.enable_monitoring) == (False, None, False)
    local = {"", HOST, "localhost", "::1", socket.gethostname()}
    assert {host for host in served.asked if host not in local and not _is_own(host)} == set()
    assert not [thread.name for thread in threading.enumerate() if "analytics" in thread.name.lower()]


def _is_own(host: str) -> bool:
    """Tell whether an address is this machine's (`test_it_listens_to_this_machine_only` tries them)."""
    with socket.socket() as probe:
        try:
            probe.bind((host, 0))
        except OSError:
            return False
    return True
