"""`ivg-app` towards visitors who mean no good: what it serves, takes, runs and tells, over HTTP, without a browser.

What it refuses to serve on, and which pictures it takes: tests/ivg/app/test_command.py and test_app_picture.py.
"""

from __future__ import annotations

import asyncio
import http.client
import importlib.util
import io
import json
import os
import socket
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ivg.app import gate as app_gate
from ivg.app.gate import LARGEST_BODY
from ivg.app.picture import LARGEST_FILE_MB
from ivg.app.server import HEADERS, own_folder

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("gradio") is None, reason="gradio is not installed: pip install 'ivg[app]'"
    ),
    pytest.mark.filterwarnings("default"),  # gradio and what it stands on warn of one another
]

SECRET = "nobody outside may read this"
HOST = "127.0.0.1"
FIELDS = ["picture", 3, None, "cut the carrot", False, 1, 1, "drawn", "drawn"]
"""What the page's controls hold, in the order of `app_controls.FIELDS`."""


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    body: str
    headers: dict[str, str]


@dataclass
class Served:
    """A page that is served, and whom its process has asked for anything."""

    port: int
    uploads: Path
    page: Any
    asked: list[str] = field(default_factory=list)

    def ask(self, path: str, body: bytes | None = None, method: str | None = None, **headers: str) -> Answer:
        """Send a request; underscores in headers are hyphens."""
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(f"http://{HOST}:{self.port}{path}", body, told, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
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
        (index,) = (index for index, fn in self.page.fns.items() if fn.name == name)
        return self.post("run/predict", {"fn_index": index, "data": data, "session_hash": visitor})

    def post(self, call: str, content: Any) -> Answer:
        """Post JSON to one of gradio's calls."""
        return self.ask(f"/gradio_api/{call}", json.dumps(content).encode(), "POST", Content_Type="application/json")

    def kept(self) -> list[str]:
        """Return the names of the files that lie in the folder of uploads."""
        return sorted(path.name for path in self.uploads.rglob("*") if path.is_file())


def _answer(answer: Any) -> Answer:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Answer(int(answer.status), answer.read().decode("utf-8", "replace"), headers)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """Serves a page whose generator fails in a way that tells a path of the machine."""
    from ivg.app.page import new_page
    from ivg.app.server import launch
    from ivg.app.session import AppSession

    async def serve(session: AppSession, port: int) -> Any:  # where no loop runs, gradio makes some and closes none
        page = new_page(session, packaged=True)
        launch(page, HOST, port)
        return page

    def load() -> Any:
        raise RuntimeError(f"{Path(__file__).resolve()}: {SECRET}")

    with pytest.MonkeyPatch.context() as patch, own_folder(), AppSession(load) as session:
        asked = _listen_to_questions(patch)
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            port = int(probe.getsockname()[1])
        page = asyncio.run(serve(session, port))
        yield Served(port, Path(os.environ["GRADIO_TEMP_DIR"]).resolve(), page, asked)
        page.close(verbose=False)


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
def picture() -> bytes:
    file = io.BytesIO()
    Image.effect_noise((96, 80), 40).convert("RGB").save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text(SECRET)
    return tmp_path / "secret.txt"


def test_it_listens_to_this_machine_only(served: Served) -> None:
    """Whoever listens to all addresses listens to 127.0.0.2, too."""
    own = {str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for address in {*own, "127.0.0.2"} - {HOST}:
        with socket.socket() as probe, pytest.raises(OSError):  # noqa: PT011 (refused, unreachable, timed out)
            probe.settimeout(3)
            probe.connect((address, served.port))
    assert served.ask("/").status == 200


OUTSIDE = [
    *("{path}", "{relative}", "{uploads}/../{path}", "{uploads}/x/../../../../../..{path}", "file://{path}", "{link}"),
    *("..%2f..%2f..%2f..%2f..%2f..{path}", "%2e%2e/%2e%2e/%2e%2e{path}", "{path}%00.png", "/etc/passwd"),
    *("/proc/self/environ", "{uploads}", "~/.bashrc", "\\\\host\\share", "pyproject.toml"),
]


@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.parametrize("route", ["/gradio_api/file=", "/gradio_api/file/", "/file=", "/static/", "/assets/"])
def test_no_other_file_is_served(served: Served, secret: Path, name: str, route: str) -> None:
    link = served.uploads / "link.txt"
    link.unlink(missing_ok=True)
    link.symlink_to(secret)
    places = {"path": secret, "relative": os.path.relpath(secret), "uploads": served.uploads, "link": link}
    answer = served.ask(route + name.format(**places))
    link.unlink()
    assert answer.status in (403, 404)
    assert SECRET not in answer.body
    assert len(answer.body) < 40, "it says no more than that"


def test_what_was_uploaded_is_served_and_never_as_a_page(served: Served, picture: bytes) -> None:
    (place,) = json.loads(served.upload("mine.png", picture).body)
    answer = served.ask(f"/gradio_api/file={place}")
    assert (answer.status, answer.headers["content-type"]) == (200, "image/png")
    for name in ("evil.html", "evil.svg", "evil.js"):
        (place,) = json.loads(served.upload(name, b"<script>alert(1)</script>").body)
        assert Path(place).is_relative_to(served.uploads)
        answer = served.ask(f"/gradio_api/file={place}")
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment")
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "name", ["../../up.png", "/etc/up.png", "..", "a\\..\\..\\up.png", f"{'x' * 300}.png", "\0.png"]
)
def test_the_name_of_an_upload_leads_nowhere(served: Served, picture: bytes, name: str) -> None:
    answer = served.upload(name, picture)
    assert answer.status in (200, 400, 500)
    for place in json.loads(answer.body) if answer.status == 200 else []:
        assert Path(place).resolve().is_relative_to(served.uploads)
    around = [served.uploads, *served.uploads.parents, Path("/etc")]
    assert not [folder for folder in around if (folder / "up.png").exists()]


NOT_GOT = """
docs redoc openapi.json monitoring monitoring/summary monitoring/x pwa_icon logout login queue/join .git/config
custom_component/a/b/c/d gradio_api/openapi.json gradio_api/queue/status gradio_api/proxy=http://example.org/x
gradio_api/file=http://example.org gradio_api/deep_link?session_hash=me gradio_api/dev/reload gradio_api/runs
gradio_api/mcp/ gradio_api/mcp/sse gradio_api/run-history/records gradio_api/vibe-code gradio_api/profiling/traces
gradio_api/user
"""
NOT_POSTED = """
process_recording component_server api/begin call/begin call/v2/begin vibe-edit undo-vibe-edit vibe-starter-queries
stream/x stream/x/close
"""
REFUSED = [("GET", f"/{path}") for path in NOT_GOT.split()]
REFUSED += [("POST", f"/gradio_api/{call}") for call in NOT_POSTED.split()]


@pytest.mark.parametrize(("method", "path"), REFUSED)
def test_nothing_but_the_page_is_answered(served: Served, method: str, path: str) -> None:
    answer = served.ask(path, b"{}" if method == "POST" else None, method)
    assert (answer.status, answer.body) == (404, "Not Found")


def test_what_the_page_needs_is_answered(served: Served) -> None:
    import re

    page = served.ask("/")
    assert page.status == 200
    parts = set(re.findall(r'(?:src|href)="\.?(/?(?:assets|static)/[^"]+)"', page.body))
    assert len(parts) >= 2
    for part in [*parts, "config", "theme.css", "gradio_api/info", "gradio_api/app_id", "gradio_api/startup-events"]:
        assert served.ask(f"/{part.lstrip('/')}").status == 200, part


def test_no_function_is_offered_and_a_run_is_not_done_past_the_queue(served: Served) -> None:
    assert json.loads(served.ask("/gradio_api/info").body) == {"named_endpoints": {}, "unnamed_endpoints": {}}
    answer = served.call("run", FIELDS)
    assert answer.status == 404
    assert "join the queue" in answer.body
    assert served.post("run/no_such_thing", {"data": []}).status >= 400


@pytest.mark.parametrize("size", [LARGEST_FILE_MB * 2**20 + 1, LARGEST_BODY + 1])
def test_a_file_that_is_too_large_is_refused_and_not_kept(served: Served, size: int) -> None:
    before = served.kept()
    answer = served.upload("large.png", bytes(size))
    assert answer.status == 413
    assert str(LARGEST_FILE_MB) in answer.body
    assert served.kept() == before


def test_a_request_that_hides_its_size_is_refused(served: Served) -> None:
    connection = http.client.HTTPConnection(HOST, served.port, timeout=30)
    chunked = {"Transfer-Encoding": "chunked"}
    connection.request("POST", "/gradio_api/upload", iter([b"x" * 10]), chunked, encode_chunked=True)
    assert connection.getresponse().status == 411
    connection.close()


def test_a_folder_that_is_full_takes_no_more(served: Served, picture: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    assert served.upload("first.png", picture).status == 200
    monkeypatch.setattr(app_gate, "MOST_UPLOADED_MB", 0)
    answer = served.upload("second.png", picture)
    assert (answer.status, "half an hour" in answer.body) == (507, True)
    assert "second.png" not in served.kept()


@pytest.mark.parametrize(
    "content", [b"a text", b"%PDF-1.7 ...", b"<svg/>", b"PK\x03\x04 ...", b"\x89PNG\r\n\x1a\n ...", b""]
)
def test_what_is_no_picture_is_told_by_its_name(served: Served, content: bytes) -> None:
    (place,) = json.loads(served.upload("mine.png", content).body)
    answer = served.call("dropped", [{"path": place, "orig_name": "mine.png", "meta": {"_type": "gradio.FileData"}}])
    assert answer.status == 200
    assert answer.body.count("mine.png") == 1
    assert str(served.uploads) not in answer.body


NOT_UPLOADED: list[Any] = [
    *({"path": "{secret}"}, {"path": "/etc/passwd"}, {"path": "{uploads}"}, {"path": "{uploads}/../secret.txt"}),
    *({"path": "a\0b"}, {"path": "x" * 5000}, {"path": 7}, [], "x", 3, True),
    *({"path": "http://{site}/x.png"}, {"path": "mine.png", "url": "http://{site}/x.png"}),
    {"path": None, "url": "http://{site}/x.png", "meta": {"_type": "gradio.FileData"}},
]


@pytest.mark.parametrize("payload", NOT_UPLOADED)
def test_a_picture_that_was_not_uploaded_is_neither_read_nor_fetched(
    served: Served, secret: Path, payload: Any
) -> None:
    with socket.socket() as site:
        site.bind((HOST, 0))
        site.listen()
        site.settimeout(0.05)
        places = {"secret": str(secret), "uploads": str(served.uploads), "site": f"{HOST}:{site.getsockname()[1]}"}
        filled = payload
        if isinstance(payload, dict):
            filled = {key: _filled(value, places) for key, value in payload.items()}
        answers = [
            served.call("dropped", [filled]),
            served.call("begin", [FIELDS[0], 3, filled, *FIELDS[3:]], "reader"),
        ]
        with pytest.raises(TimeoutError):
            site.accept()
    for answer, words in zip(answers, ("not here any more", "o picture yet"), strict=True):
        assert words in answer.body if answer.status == 200 else json.loads(answer.body) == {"error": None}
    assert secret.exists()
    assert not any(place in answer.body for answer in answers for place in (str(secret.parent), str(served.uploads)))


def _filled(value: Any, places: dict[str, str]) -> Any:
    return value.format(**places) if isinstance(value, str) else value


def private_words(served: Served) -> list[str]:
    """What would tell a visitor about the machine."""
    folders = {Path.home(), Path.cwd(), Path(__file__).resolve().parents[2], Path(sys.prefix), served.uploads}
    return [SECRET, "Traceback", "site-packages", tempfile.gettempdir() + "/", *map(str, folders)]


def test_no_answer_tells_of_the_machine(served: Served) -> None:
    answers = [
        served.ask(path) for path in ("/", "/config", "/theme.css", "/manifest.json", "/nothing", "/static/none.js")
    ]
    garbage: list[Any] = [None, 10**400, -1, "x", [], {}, ["a"], {"path": "/x"}, 1e308, "\0"]
    for name in ("begin", "dropped", "switched", "stop", "_next", "_switched", "<lambda>", "run", "leave"):
        if sum(fn.name == name for fn in served.page.fns.values()) == 1:
            answers += [served.call(name, [value] * 9) for value in garbage] + [served.call(name, [])]
    joining: list[Any] = [{}, [], {"fn_index": 99, "data": []}, "x"]
    answers += [served.post("queue/join", content) for content in joining]
    for answer in answers:
        told = [words for words in private_words(served) if words in answer.body]
        assert not told, answer.body[:500]


def test_a_fault_in_a_run_is_told_without_its_words(
    served: Served, picture: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    (place,) = json.loads(served.upload("mine.png", picture).body)
    fields = [FIELDS[0], FIELDS[1], {"path": place, "orig_name": "mine.png"}, *FIELDS[3:]]
    begun = json.loads(served.call("begin", fields, "tester").body)["data"]
    assert begun[0] is not None, "it was accepted"
    (index,) = (index for index, fn in served.page.fns.items() if fn.name == "run")
    joined = served.post("queue/join", {"fn_index": index, "data": fields, "session_hash": "tester"})
    assert joined.status == 200
    told = _until_closed(served, "/gradio_api/queue/data?session_hash=tester")
    assert "process_completed" in told
    assert "it is in the terminal" in told or "is in the terminal that ivg-app was started in" in told
    assert not [words for words in private_words(served) if words in told]
    assert SECRET in caplog.text, "whoever started the program reads it"


def _until_closed(served: Served, path: str) -> str:
    """Read a stream of events until the server ends it."""
    with urllib.request.urlopen(f"http://{HOST}:{served.port}{path}", timeout=60) as stream:
        told = ""
        for line in stream:
            told += line.decode()
            if "close_stream" in told:
                break
    return told


def test_another_site_in_the_same_browser_may_not_use_it(served: Served, picture: bytes) -> None:
    before = served.kept()
    for origin in ("https://example.org", "http://localhost:1", f"http://{HOST}.example.org:{served.port}", "null"):
        assert served.upload("theirs.png", picture, Origin=origin).status == 403
    assert served.kept() == before
    assert served.upload("own.png", picture, Origin=f"http://{HOST}:{served.port}").status == 200
    assert served.ask("/", Host="example.org").status == 400


@pytest.mark.parametrize("path", ["/", "/config", "/nothing", "/gradio_api/file=/etc/passwd", "/theme.css"])
def test_every_answer_forbids_what_is_elsewhere(served: Served, path: str) -> None:
    for answer in (served.ask(path), served.ask(path, Host="example.org")):
        assert {name.decode(): value.decode() for name, value in HEADERS.items()}.items() <= answer.headers.items()


def test_no_setting_of_gradio_s_own_comes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = {"GRADIO_VIBE_MODE": "1", "GRADIO_ROOT_PATH": "/x", "GRADIO_SHARE": "True", "GRADIO_NUM_WORKERS": "9"}
    for name, value in theirs.items():
        monkeypatch.setenv(name, value)
    with own_folder():
        left = {name for name in os.environ if name.startswith("GRADIO_") and os.environ[name] not in ("", "False")}
        assert left == {"GRADIO_TEMP_DIR"}
    assert theirs.items() <= os.environ.items()


def test_nobody_else_is_asked_and_nothing_is_shared(served: Served) -> None:
    """The last of this file: all that the others did counts."""
    config = json.loads(served.ask("/config").body)
    assert config["analytics_enabled"] is False
    assert config["max_file_size"] == LARGEST_FILE_MB * 2**20
    assert (served.page.share, served.page.share_url, served.page.enable_monitoring) == (False, None, False)
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
