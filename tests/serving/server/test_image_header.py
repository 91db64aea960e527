"""The size of an image by its header, against what TensorFlow decodes."""

import numpy as np
import pytest
import tensorflow as tf

from keras_infovae.serving.server.image_header import image_size

SIZES = [(1, 1), (3, 300), (640, 480)]


def image(width, height, channels=3):
    return np.random.default_rng(0).integers(0, 255, (height, width, channels)).astype("uint8")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("channels", [1, 3])
def test_files_that_tensorflow_writes(size, channels):
    for encode in (
        tf.io.encode_png,
        tf.io.encode_jpeg,
        lambda x: tf.io.encode_jpeg(x, progressive=True, optimize_size=True, xmp_metadata="a" * 99),
    ):
        content = encode(image(*size, channels)).numpy()
        assert image_size(content) == size
        height, width, _ = tf.io.decode_png(content).shape  # which the exported model calls
        assert (width, height) == size


def test_what_stands_between_the_segments_of_a_jpeg_is_passed_over():
    content = tf.io.encode_jpeg(image(5, 4)).numpy()
    padded = content[:2] + b"\xff\xe0\0\4\xff\xc0" + b"junk\xff\0\xff\xff\xff" + content[3:]
    assert image_size(padded) == (5, 4)
    assert tf.io.decode_jpeg(padded).shape == (4, 5, 3)  # libjpeg does the same


@pytest.mark.parametrize("cut", range(0, 24))
def test_the_beginning_of_a_png_has_no_size(cut):
    content = tf.io.encode_png(image(5, 4)).numpy()
    assert image_size(content[:cut]) is None
    assert image_size(content[:24]) == (5, 4)


def test_the_beginning_of_a_jpeg_has_no_size_or_the_right_one():
    content = tf.io.encode_jpeg(image(5, 4)).numpy()
    sizes = [image_size(content[:cut]) for cut in range(len(content))]
    first = sizes.index((5, 4))
    assert sizes == [None] * first + [(5, 4)] * (len(sizes) - first)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a\5\0\4\0",
        b"BM" + b"\0" * 60,
        b"\xff\xd8" + b"\xff" * 100_000,
        b"\xff\xd8" + b"\xff\0" * 100_000,
        b"\xff\xd8" + b"\xff\xe0\0\0" * 100_000,
        b"\xff\xd8\xff\xda\0\2\xff\xc0\0\x11\x08\0\5\0\4",  # pixels come first
        b"\xff\xd8\xff\xc0\0\x11\x08\0\0\0\4\0",
    ],
)
def test_other_files_have_none(content):
    assert image_size(content) is None
