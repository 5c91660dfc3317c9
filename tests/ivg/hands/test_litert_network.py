"""The hand models run by LiteRT: beside the same in torch, and in several threads."""

import pytest
import torch

from ivg.errors import InputError, WeightsError
from ivg.hands.networks.litert_network import LiteRTNetwork
from ivg.hands.networks.mediapipe_package import mediapipe_file
from ivg.hands.networks.tflite_network import TFLiteNetwork

FILES = ("modules/hand_landmark/hand_landmark_full.tflite", "modules/palm_detection/palm_detection_full.tflite")


@pytest.mark.parametrize("name", FILES)
def test_outputs_are_those_of_torch(name):
    path = mediapipe_file(name)
    fast, exact = LiteRTNetwork(path, threads=2), TFLiteNetwork(path)
    assert fast.input_size == exact.input_size
    pictures = torch.rand(3, 3, *fast.input_size, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        expected = exact(pictures)
    for mine, theirs in zip(fast(pictures), expected, strict=True):
        torch.testing.assert_close(mine, theirs, atol=2e-3, rtol=0)
    fast.close()


def test_the_number_of_threads_changes_nothing():
    path = mediapipe_file(FILES[0])
    one, three = LiteRTNetwork(path), LiteRTNetwork(path, threads=3)
    pictures = torch.rand(5, 3, *one.input_size, generator=torch.Generator().manual_seed(3))
    for first, second in zip(one(pictures), three(pictures), strict=True):
        torch.testing.assert_close(first, second, rtol=0, atol=0)


def test_what_cannot_be_run_is_refused(tmp_path):
    (tmp_path / "broken.tflite").write_bytes(b"TFL3 and no more")
    with pytest.raises(WeightsError, match=r"broken.tflite cannot be read as a TFLite model"):
        LiteRTNetwork(tmp_path / "broken.tflite")
    with pytest.raises(InputError, match="threads must be 1 or more, got 0"):
        LiteRTNetwork(mediapipe_file(FILES[0]), threads=0)
    with pytest.raises(InputError, match=r"\(224, 224\).*\(1, 3, 128, 128\)"):
        LiteRTNetwork(mediapipe_file(FILES[0]))(torch.zeros(1, 3, 128, 128))
