"""Small files that keep a decoder busy are known before they are decoded, in bounded time."""

import base64
import time
import zlib

import pytest
import tensorflow as tf

from keras_infovae.serving.server.image_header import image_size
from keras_infovae.serving.server.image_work import TooMuchWork, image_work
from tests.serving.server.image_bombs import chunk, jpeg_of, png_of, text

REFUSED = {
    "many scans": (jpeg_of(64, 64, 3000), "at most 100 scans"),
    "one scan too many": (jpeg_of(8, 8, 101), "at most 100 scans"),
    "texts": (png_of(before=text(2_000_000) * 3), "compressed texts"),
    "one text": (png_of(before=text(5_000_000)), "compressed texts"),
    "a text after the pixels": (png_of(after=text(5_000_000)), "compressed texts"),
    "an international text": (png_of(before=text(5_000_000, b"iTXt")), "compressed texts"),
    "a color profile": (png_of(before=text(5_000_000, b"iCCP")), "compressed texts"),
    "data after the last pixel": (png_of(data=zlib.compress(bytes(10_000_000), 9)), "its pixels"),
    "that in many chunks": (
        png_of(
            data=zlib.compress(bytes(300_000), 9)[:200],
            after=b"".join(
                chunk(b"IDAT", zlib.compress(bytes(300_000), 9)[at : at + 9])
                for at in range(200, 400, 9)
            ),
        ),
        "its pixels",
    ),
    "chunks": (png_of(before=chunk(b"abCd") * 70_000), "65536 chunks"),
    "empty pixels": (png_of(after=chunk(b"IDAT") * 70_000), "65536 chunks"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name):
    content, message = REFUSED[name]
    size = image_size(content)
    start = time.process_time()
    with pytest.raises(TooMuchWork, match=message):
        image_work(content, *size)
    assert time.process_time() - start < 2  # decoding some of them takes minutes


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt", b"iCCP"])
def test_texts_count_by_what_they_inflate_to(kind):
    content = png_of(before=text(40_000, kind))
    assert image_work(content, 8, 8) == 64 + 10_000
    assert tf.io.decode_png(content).shape == (8, 8, 1)


@pytest.mark.parametrize("scans, passes", [(2, 1), (10, 1), (11, 2), (100, 10)])
def test_scans_count_in_tens(scans, passes):
    content = jpeg_of(64, 40, scans)
    assert image_work(content, 64, 40) == passes * 64 * 40
    assert tf.io.decode_jpeg(content).shape == (40, 64, 1)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [(1, 1), (300, 3), (200, 300)])
def test_ordinary_files_count_their_pixels(dtype, channels, size):
    image = tf.random.stateless_uniform([*size, channels], [0, 0], 0, 256, tf.int32)
    content = tf.io.encode_png(tf.cast(image, dtype)).numpy()
    height, width = size
    assert image_work(content, width, height) == height * width
    # Of one color, compressed as far as it goes.
    content = tf.io.encode_png(tf.cast(0 * image, dtype), 9).numpy()
    assert image_work(content, width, height) == height * width


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (33, 47)])
@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA"])
def test_files_of_other_programs(size, mode):
    """Interlaced, with palettes, of one bit, with uncompressed texts."""
    image_module = pytest.importorskip("PIL.Image")
    png_module = pytest.importorskip("PIL.PngImagePlugin")
    import io

    info = png_module.PngInfo()
    info.add_text("Comment", "plain " * 100)
    info.add_itxt("XML:com.adobe.xmp", "<x/>" * 1000)
    file = io.BytesIO()
    image_module.new(mode, size).save(file, "png", pnginfo=info, icc_profile=bytes(3144))
    assert image_work(file.getvalue(), *size) == size[0] * size[1] + 3144 // 4


@pytest.mark.parametrize("cut", range(24, 200, 7))
def test_broken_files_count_their_pixels(cut):
    whole = png_of(before=text(100, b"iTXt") + chunk(b"zTXt") + chunk(b"iTXt", b"a\0\1"))
    assert image_work(whole[:cut], 8, 8) in (64, 64 + 25)


def test_the_server_refuses_them(server):
    for content, message in list(REFUSED.values())[:8]:
        file = {"b64": base64.b64encode(content).decode()}
        status, answer = server.post(signature_name="score_image_bytes", inputs=[file])
        assert status == 400
        assert "Input `image_bytes[0]` must be a" in answer["error"]
        assert message in answer["error"]
    # 16 Mi pixels in all, of which these count 10 passes over 2 Mi.
    file = {"b64": base64.b64encode(jpeg_of(2048, 1024, 100)).decode()}
    status, answer = server.post(signature_name="score_image_bytes", inputs=[file])
    assert (status, "with scans, texts and sizes" in answer["error"]) == (400, True)
