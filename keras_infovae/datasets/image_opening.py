"""Image files, opened by Pillow: only formats that are images, of a bounded size, and upright."""

import contextlib
import io
import os
import warnings

from keras_infovae.datasets.reading import reading

# What Pillow may take a file for, whatever its name. EPS, for one, would start Ghostscript.
_FORMATS = ("PNG", "JPEG", "BMP", "DIB", "GIF", "WEBP", "TIFF", "AVIF", "JPEG2000", "PPM", "TGA")
_FORMATS += ("QOI", "PCX")
_ORIENTATION, _TURNED = 0x0112, (5, 6, 7, 8)  # of EXIF: the tag, and values that swap the sides


@contextlib.contextmanager
def opened(image_module, file):
    """Gives the open image; whatever fails in opening or decoding is an error about the file."""
    with (
        warnings.catch_warnings(),
        reading(file, "an image"),
        _bombs_as_value_errors(image_module),
        open_image(image_module, file) as image,
    ):
        yield image


@contextlib.contextmanager
def open_image(image_module, file):
    """Gives the image that Pillow opens lazily.

    It is given the open file: of one that it opens itself it maps what is not compressed, and then
    takes the sides of a turned TIFF for each other.
    """
    image_module.init()
    formats = [name for name in _FORMATS if name in image_module.OPEN]
    with _BoundedFile(file) as stream, image_module.open(stream, formats=formats) as image:
        yield image


class _BoundedFile(io.BufferedReader):
    """A file of which no more is asked at once than it has.

    Pillow asks for as many bytes as a header says, and Python makes room for them first.
    """

    def __init__(self, path):
        super().__init__(io.FileIO(path))
        self._most = os.fstat(self.fileno()).st_size

    def read(self, size=-1):
        return super().read(size if size is None or size < 0 else min(size, self._most))


def oriented(image):
    """Returns the size that an open image has when it is turned as EXIF says, and how it is to be.

    It is read from what stands before the pixels, which are not decoded for it. TIFF files are
    turned by Pillow.
    """
    orientation = 1
    if "exif" in image.info and image.format != "TIFF":
        with contextlib.suppress(Exception):  # of damaged EXIF there is nothing to go by
            orientation = image.getexif().get(_ORIENTATION, 1)
    if orientation not in range(1, 9):
        orientation = 1
    width, height = image.size
    return ((height, width) if orientation in _TURNED else (width, height)), orientation


def turn(image_module, orientation):
    """Returns what Pillow is to do with an image of that orientation, from 2 on."""
    methods = image_module.Transpose
    return (
        methods.FLIP_LEFT_RIGHT,
        methods.ROTATE_180,
        methods.FLIP_TOP_BOTTOM,
        methods.TRANSPOSE,
        methods.ROTATE_270,
        methods.TRANSVERSE,
        methods.ROTATE_90,
    )[orientation - 2]


@contextlib.contextmanager
def _bombs_as_value_errors(image_module):
    """Makes Pillow's guard against decompression bombs, a warning first, an error at once."""
    warnings.simplefilter("error", image_module.DecompressionBombWarning)
    try:
        yield
    except (image_module.DecompressionBombWarning, image_module.DecompressionBombError) as error:
        raise ValueError(f"it may be a decompression bomb: {error}") from error
