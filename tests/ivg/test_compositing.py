"""Only what has changed is put into the picture."""

import numpy as np

from ivg.compositing import change_matte, composite
from ivg.framing import Framing


def _scene(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A context, a generated frame with a bright square, and the change."""
    rng = np.random.default_rng(seed)
    context = rng.integers(60, 120, (64, 64, 3), dtype=np.uint8)
    change = np.zeros((64, 64, 3), np.float32)
    change[20:40, 20:40] = 0.5
    return context, (context / 255).astype(np.float32) + change, change


def test_nothing_changes_where_nothing_changed() -> None:
    context, generated, _ = _scene()
    change = np.zeros((64, 64, 3), np.float32)
    matte = change_matte(change, np.zeros((64, 64), bool))
    frame, touched = composite(context, generated, change, matte, Framing(64, 64, 64))
    assert (frame == context).all()
    assert not touched.any()


def test_a_change_is_put_in_and_all_else_is_exact() -> None:
    context, generated, change = _scene()
    matte = change_matte(change, np.zeros((64, 64), bool))
    frame, touched = composite(context, generated, change, matte, Framing(64, 64, 64))
    assert np.abs(frame[24:36, 24:36] / 255 - generated[24:36, 24:36]).max() < 0.01
    assert (frame[~touched] == context[~touched]).all()
    assert touched[20:40, 20:40].all()
    assert touched.mean() < 0.3


def test_faint_noise_is_left_out_unless_it_lies_in_the_region() -> None:
    change = np.random.default_rng(0).normal(0, 0.03, (64, 64, 3)).astype(np.float32)
    region = np.zeros((64, 64), bool)
    assert change_matte(change, region).max() == 0
    region[10:20, 10:20] = True
    matte = change_matte(change, region)
    assert (matte[10:20, 10:20] > 0.5).all()
    assert matte[40:, 40:].max() == 0


def test_the_frame_keeps_the_size_of_the_input() -> None:
    _, generated, change = _scene()
    context = np.random.default_rng(1).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    frame, touched = composite(
        context, generated, change, change_matte(change, np.zeros((64, 64), bool)), Framing(90, 120, 64)
    )
    assert frame.shape == (90, 120, 3)
    assert (frame[~touched] == context[~touched]).all()
    assert touched.any()
