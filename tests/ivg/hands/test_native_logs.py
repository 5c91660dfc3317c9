"""What is written to file descriptor 2 is held back, and shown when things go wrong."""

import os

import pytest

from ivg.hands.networks.mediapipe_package import quiet_native_logs


def test_native_lines_are_held_back(capfd):
    with quiet_native_logs():
        os.write(2, b"noise\n")
    os.write(2, b"news\n")
    assert capfd.readouterr().err == "news\n"


def test_they_are_shown_on_failure(capfd):
    with pytest.raises(RuntimeError), quiet_native_logs():
        os.write(2, b"the reason\n")
        raise RuntimeError
    assert capfd.readouterr().err == "the reason\n"
