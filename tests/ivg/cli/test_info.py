"""``ivg-dataset info`` of demonstrations."""

import json

import numpy as np

from ivg.cli.dataset import main
from ivg.policy import Demonstration


def test_info_tells_what_demonstrations_there_are(tmp_path, capsys):
    keypoints, present = np.full((2, 2, 21, 2), np.nan, np.float32), np.zeros((2, 2), bool)
    clip, region = np.zeros((2, 20, 28, 3), np.uint8), np.zeros((20, 28), bool)
    made = Demonstration(clip, region, keypoints, present, 8.0, {"prompt": "schneide die Möhre"})
    figures = tmp_path / "info.json"
    assert main(["info", str(made.save(tmp_path / "d.zarr")), "--json", str(figures)]) == 0
    printed = capsys.readouterr().out
    assert "1 demonstrations, 2 frames of 28 x 20 px, 8 fps" in printed
    assert "schneide die Möhre" in printed
    assert json.loads(figures.read_text())["prompts"] == {"schneide die Möhre": 1}
