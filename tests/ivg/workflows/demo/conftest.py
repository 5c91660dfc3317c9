"""What the tests of a demonstration share."""

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def image(tmp_path):
    """A landscape image, in a folder of its own."""
    (tmp_path / "in").mkdir()
    small = np.random.default_rng(0).integers(60, 200, (6, 8, 3), np.uint8)
    Image.fromarray(small).resize((160, 96), Image.Resampling.BICUBIC).save(tmp_path / "in" / "kitchen.png")
    return tmp_path / "in" / "kitchen.png"
