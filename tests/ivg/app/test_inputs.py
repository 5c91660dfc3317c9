"""Images that are dropped on the page: read upright and in colour, or refused without telling the path."""

import io
import zlib

import numpy as np
import pytest
from PIL import Image

from ivg.app import inputs
from ivg.app.inputs import frame_from_upload
from ivg.errors import InputError
from ivg.workflows.demo.context import MAX_IMAGE_SIDE, MIN_IMAGE_SIDE

RED, GREEN = (200, 40, 30), (20, 160, 60)


@pytest.fixture
def dropped(tmp_path):
    """Saves an image, or bytes, as an upload; returns its frame."""

    def drop(image, **how):
        path = tmp_path / "secret" / "file"
        path.parent.mkdir(exist_ok=True)
        if isinstance(image, bytes):
            path.write_bytes(image)
        else:
            image.save(path, **{"format": "PNG", **how})
        return frame_from_upload(path, "mine.png")

    return drop


def halves(width=96, height=80, mode="RGB"):
    """An image, red above and green below."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2], pixels[height // 2 :] = RED, GREEN
    return Image.fromarray(pixels).convert(mode)


def test_a_plain_image_comes_through_unchanged(dropped):
    context = dropped(halves())
    np.testing.assert_array_equal(context.frame, np.asarray(halves()))
    assert context.name == "image mine.png"
    assert (context.task, context.scorable) == (None, False)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "BMP", "GIF"])
def test_other_kinds(dropped, kind):
    frame = dropped(halves(), format=kind).frame
    assert frame.shape == (80, 96, 3)
    assert np.abs(frame[10, 10].astype(int) - RED).max() < 12


def test_an_image_that_was_taken_sideways_stands_upright(dropped):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be rotated by 90 degrees clockwise
    frame = dropped(halves(), format="JPEG", exif=exif).frame
    assert frame.shape == (96, 80, 3)
    assert frame[50, 10, 1] > frame[50, 10, 0]  # green was below and is at the left now
    assert frame[50, 70, 0] > frame[50, 70, 1]


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "CMYK"])
def test_every_mode_becomes_rgb(dropped, mode):
    frame = dropped(halves(mode=mode), format="JPEG" if mode == "CMYK" else "PNG").frame
    assert frame.shape == (80, 96, 3)
    assert frame.dtype == np.uint8


def test_grey_of_sixteen_bits_is_scaled(dropped):
    levels = np.repeat(np.linspace(0, 65535, 96).astype(np.uint16)[None], 80, axis=0)
    frame = dropped(Image.fromarray(levels)).frame
    np.testing.assert_allclose(frame[0, :, 0], np.linspace(0, 255, 96), atol=1)


def test_what_is_transparent_is_white(dropped):
    layer = halves(mode="RGBA")
    layer.putalpha(Image.fromarray(np.repeat(np.r_[[0] * 48, [255] * 48][None].astype(np.uint8), 80, axis=0)))
    frame = dropped(layer).frame
    assert (frame[5, 5] == 255).all()
    assert tuple(frame[5, 90]) == RED


def test_a_large_image_is_reduced(dropped):
    context = dropped(halves(1400, 700))
    assert context.frame.shape == (MAX_IMAGE_SIDE // 2, MAX_IMAGE_SIDE, 3)
    assert context.origin["image_size"] == [1400, 700]


def png_header(width, height):
    """A PNG that says it is very large, and holds nothing."""
    file = io.BytesIO()
    Image.new("L", (1, 1)).save(file, "PNG")
    data = bytearray(file.getvalue())
    data[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, "big")
    return bytes(data)


def jpeg(cut):
    file = io.BytesIO()
    halves(200, 200).save(file, "JPEG")
    return file.getvalue()[:cut]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"this is no image", "is no image of these kinds"),
        (b"", "is no image of these kinds"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n", "is no image of these kinds"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is no image of these kinds"),
        (jpeg(900), "is damaged"),
        (png_header(9000, 9000), "at most 40,000,000 pixels"),
        (png_header(12000, 12000), "40,000,000 pixels"),  # Pillow warns
        (png_header(60000, 60000), "40,000,000 pixels"),  # Pillow refuses
    ],
    ids=["text", "empty", "postscript", "svg", "cut short", "large", "larger", "bomb"],
)
def test_what_is_no_image_is_refused(dropped, content, words):
    with pytest.raises(InputError) as refused:
        dropped(content)
    assert words in str(refused.value)
    assert "mine.png" in str(refused.value)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("size", "words"),
    [((MIN_IMAGE_SIDE - 1, 200), "at least 64"), ((1000, 100), "4 times")],
)
def test_an_image_that_shows_no_scene_is_refused(dropped, size, words):
    with pytest.raises(InputError, match=words):
        dropped(halves(*size))


def test_a_large_file_is_refused_unread(dropped, monkeypatch):
    monkeypatch.setattr(inputs, "MAX_FILE_MB", 0.0001)
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("it was read"))
    with pytest.raises(InputError, match="MB are taken"):
        dropped(halves())


def test_a_file_that_is_gone_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"'mine\.png' is not here any more"):
        frame_from_upload(tmp_path / "none", "mine.png")
