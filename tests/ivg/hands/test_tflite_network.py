"""MediaPipe's networks in torch: beside the TFLite interpreter, and with a gradient."""

import numpy as np
import pytest
import torch
from ai_edge_litert.interpreter import Interpreter

from ivg.errors import InputError, WeightsError
from ivg.hands.networks.hand_network import HandLandmarkNetwork
from ivg.hands.networks.mediapipe_package import mediapipe_file
from ivg.hands.networks.palm_network import PalmNetwork
from ivg.hands.networks.tflite_file import read_graph
from ivg.hands.networks.tflite_network import TFLiteNetwork

FILES = ("modules/hand_landmark/hand_landmark_full.tflite", "modules/palm_detection/palm_detection_full.tflite")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("content", ["noise", "hand"])
def test_outputs_are_those_of_the_tflite_interpreter(name, content, hand_clips):
    path = mediapipe_file(name)
    interpreter = Interpreter(str(path), num_threads=1)
    interpreter.allocate_tensors()
    taken, given = interpreter.get_input_details()[0], interpreter.get_output_details()
    network = TFLiteNetwork(path)
    size = network.input_size[0]
    picture = np.random.default_rng(1).random((1, size, size, 3), np.float32)
    if content == "hand":
        picture = torch.nn.functional.interpolate(
            torch.from_numpy(hand_clips[0, 8:9]).permute(0, 3, 1, 2) / 255, (size, size), mode="bilinear"
        ).permute(0, 2, 3, 1).contiguous().numpy()  # fmt: skip
    interpreter.set_tensor(taken["index"], picture)
    interpreter.invoke()
    with torch.no_grad():
        ours = network(torch.from_numpy(picture).permute(0, 3, 1, 2))
    for mine, detail in zip(ours, given, strict=True):
        theirs = interpreter.get_tensor(detail["index"])
        assert mine.shape == theirs.shape
        np.testing.assert_allclose(mine.numpy(), theirs, atol=1e-3)  # joints and boxes are in pixels


def test_pictures_in_a_batch_do_not_see_each_other():
    network = HandLandmarkNetwork().network
    pictures = torch.rand(3, 3, 224, 224, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        together, alone = network(pictures), network(pictures[1:2])
    for one, other in zip(together, alone, strict=True):
        torch.testing.assert_close(one[1:2], other, atol=2e-3, rtol=0)


def test_weights_are_frozen_and_move_with_the_module():
    network = PalmNetwork()
    assert not list(network.parameters())
    assert {buffer.dtype for buffer in network.to(torch.float64).buffers()} == {torch.float64}


def test_pictures_of_another_size_are_refused():
    with pytest.raises(InputError, match=r"\(224, 224\).*\(1, 3, 128, 128\)"):
        HandLandmarkNetwork().network(torch.zeros(1, 3, 128, 128))


def test_files_that_are_no_models_are_refused(tmp_path):
    with pytest.raises(WeightsError, match="cannot read"):
        read_graph(tmp_path / "missing.tflite")
    (tmp_path / "text.tflite").write_text("not a model, but long enough to have an identifier")
    with pytest.raises(WeightsError, match="no TFLite model"):
        read_graph(tmp_path / "text.tflite")


def test_operations_that_are_not_mapped_are_named():
    with pytest.raises(WeightsError, match="mapped are ADD, CONCATENATION"):
        TFLiteNetwork(mediapipe_file("modules/selfie_segmentation/selfie_segmentation.tflite"))


def test_a_model_that_mediapipe_does_not_carry_is_named():
    with pytest.raises(WeightsError, match="carries no modules/foot.tflite"):
        mediapipe_file("modules/foot.tflite")
