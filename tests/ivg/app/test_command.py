"""`ivg-app` as a command: what it refuses to serve, and how it serves what it serves."""

import asyncio
import os
import socket
import tempfile
from pathlib import Path

import pytest

from ivg.app.server import HEADERS, OwnHeaders, is_local, own_folder
from ivg.cli.app import main, new_app_parser


def refused(capsys, *arguments):
    code = main(arguments, lambda *_: pytest.fail("weights were loaded"))
    said = capsys.readouterr().err
    assert code == 2
    assert said.startswith("ivg-app: ")
    return said


@pytest.fixture
def with_gradio(monkeypatch):
    """What is refused before gradio is used is refused alike where it is not installed."""
    monkeypatch.setattr("ivg.cli.app.importlib.util.find_spec", lambda name: object())


def test_it_serves_this_machine_unless_told_otherwise():
    options = new_app_parser().parse_args([])
    assert (options.host, options.port, options.public) == ("127.0.0.1", 7860, False)


def test_a_missing_gradio_is_named_with_its_remedy(monkeypatch, capsys):
    monkeypatch.setattr("ivg.cli.app.importlib.util.find_spec", lambda name: None)
    assert "pip install 'ivg[app]'" in refused(capsys)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "example.org"])
def test_other_machines_are_let_in_only_on_purpose(with_gradio, capsys, host):
    said = refused(capsys, "--host", host)
    assert "--public" in said
    assert said.count("\n") == 1


def test_letting_other_machines_in_is_warned_of(with_gradio, capsys):
    said = refused(capsys, "--host", "203.0.113.9", "--public")  # no machine's address: then it cannot be served on
    assert "warning: every machine that reaches 203.0.113.9" in said
    assert "cannot serve on 203.0.113.9" in said


@pytest.mark.parametrize("port", ["0", "70000", "-1"])
def test_a_port_that_is_none_is_refused(with_gradio, capsys, port):
    assert f"got {port}" in refused(capsys, f"--port={port}")


def test_a_port_that_is_taken_is_refused(with_gradio, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert "choose another with --port or --host" in refused(capsys, "--port", str(taken.getsockname()[1]))


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True)]
    + [("0.0.0.0", False), ("::", False), ("10.0.0.1", False), ("localhost.example.org", False), ("", False)],
)
def test_which_hosts_are_local(host, local):
    assert is_local(host) is local


def test_uploads_lie_in_a_folder_that_goes(monkeypatch):
    monkeypatch.setenv("GRADIO_ALLOWED_PATHS", "/")
    monkeypatch.setenv("GRADIO_SHARE", "True")
    before = os.environ.get("GRADIO_TEMP_DIR")
    with own_folder():
        folder = Path(os.environ["GRADIO_TEMP_DIR"])
        assert folder.parent == Path(tempfile.gettempdir())
        assert os.environ["GRADIO_ALLOWED_PATHS"] == ""
        assert os.environ["GRADIO_SHARE"] == "False"
        (folder / "picture").mkdir()
        (folder / "picture" / "a.png").write_bytes(b"x")
    assert not folder.exists()
    assert os.environ.get("GRADIO_TEMP_DIR") == before
    assert os.environ["GRADIO_SHARE"] == "True"


def test_every_answer_forbids_what_is_elsewhere():
    sent = []

    async def answer(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": b"x"})

    async def send(message):
        sent.append(message)

    asyncio.run(OwnHeaders(answer)({"type": "http"}, None, send))
    headers = dict(sent[0]["headers"])
    assert headers[b"content-type"] == b"text/html"
    assert HEADERS.items() <= headers.items()
    assert b"http" not in headers[b"content-security-policy"]  # no other host is named
    assert sent[1]["body"] == b"x"
