"""What the page is not served on, and what is left behind: nothing."""

import os
import socket
import tempfile
from pathlib import Path

import pytest

from ivg.app.server import check_address, is_local, own_folder
from ivg.cli.app import new_app_parser
from ivg.errors import InputError


@pytest.fixture
def with_gradio(monkeypatch):
    """What is refused before gradio is used is refused alike where it is not installed."""
    monkeypatch.setattr("ivg.app.server.importlib.util.find_spec", lambda name: object())


def test_it_serves_this_machine_unless_told_otherwise():
    options = new_app_parser().parse_args([])
    assert (options.host, options.port, options.public) == ("127.0.0.1", 7860, False)


def test_a_missing_gradio_is_named_with_its_remedy(monkeypatch):
    monkeypatch.setattr("ivg.app.server.importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'ivg\[app\]'"):
        check_address("127.0.0.1", 7860)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "example.org"])
def test_other_machines_are_let_in_only_on_purpose(with_gradio, host):
    with pytest.raises(InputError, match="--public"):
        check_address(host, 7860)


def test_an_address_of_no_machine_is_refused(with_gradio):
    with pytest.raises(InputError, match=r"cannot serve on 203\.0\.113\.9"):
        check_address("203.0.113.9", 7860, public=True)


@pytest.mark.parametrize("port", [0, 70000, -1])
def test_a_port_that_is_none_is_refused(with_gradio, port):
    with pytest.raises(InputError, match=f"got {port}"):
        check_address("127.0.0.1", port)


def test_a_port_that_is_taken_is_refused(with_gradio):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(InputError, match="choose another port or host"):
            check_address("127.0.0.1", taken.getsockname()[1])


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True)]
    + [("0.0.0.0", False), ("::", False), ("10.0.0.1", False), ("localhost.example.org", False), ("", False)],
)
def test_which_hosts_are_local(host, local):
    assert is_local(host) is local


def test_uploads_lie_in_a_folder_that_goes_and_no_setting_of_gradio_comes_through(monkeypatch):
    theirs = {"GRADIO_ALLOWED_PATHS": "/", "GRADIO_SHARE": "True", "GRADIO_ROOT_PATH": "/x", "GRADIO_VIBE_MODE": "1"}
    for name, value in theirs.items():
        monkeypatch.setenv(name, value)
    with own_folder():
        folder = Path(os.environ["GRADIO_TEMP_DIR"])
        assert folder.parent == Path(tempfile.gettempdir())
        left = {name for name in os.environ if name.startswith("GRADIO_") and os.environ[name] not in ("", "False")}
        assert left == {"GRADIO_TEMP_DIR"}
        (folder / "image").mkdir()
        (folder / "image" / "a.png").write_bytes(b"x")
    assert not folder.exists()
    assert theirs.items() <= os.environ.items()
