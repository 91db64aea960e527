"""Folders of images, read by Pillow."""

import contextlib
import os
import warnings

import numpy as np

from keras_infovae.datasets.raw import RawData
from keras_infovae.datasets.reading import import_optional, reading, source_error
from keras_infovae.datasets.scaling import Scaling
from keras_infovae.datasets.splitting import limit_indices

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif")
_CHANNELS = {"L": 1, "RGB": 3, "RGBA": 4}
# What each of Pillow's 8-bit modes becomes. Modes of more bits are missing: Pillow would clip them.
_MODES = {
    "1": "L",
    "L": "L",
    "LA": "RGBA",
    "P": "RGB",  # or L, where its palette is gray
    "PA": "RGBA",
    "RGB": "RGB",
    "RGBA": "RGBA",
    "CMYK": "RGB",
    "YCbCr": "RGB",
}


class ImageRows:
    """The images of a folder as uint8 [n, height, width, 1, 3 or 4], decoded when they are read.

    All become gray if all are gray, else RGB, or RGBA if one of them is transparent. Of an animated
    image the first frame is taken. Files that are hidden or no images by their name are ignored.

    Args:
        path: a folder with images, or with folders of images. Order: by path.

    Raises:
        ValueError: when there are no images, one is unreadable, or two differ in size.
        ImportError: when Pillow is not installed.
    """

    scaling = Scaling(0.0, 255.0)
    dtype = np.dtype(np.uint8)
    feature_names = None

    def __init__(self, path):
        self.path = path
        self.files = _list_images(path)
        self.count = len(self.files)
        self._image_module = import_optional("PIL.Image", "pillow", "Reading images")
        self._size, self._mode = _common_form(self._image_module, self.files)
        self.event_shape = (self._size[1], self._size[0], _CHANNELS[self._mode])

    def read(self, rows):
        """Returns the images of `rows`, an array of integers [k]: [k, *event_shape].

        Raises:
            ValueError: when one cannot be decoded, or is not what it was.
        """
        images = np.empty((len(rows), *self.event_shape), np.uint8)
        for image, row in zip(images, rows):
            image[...] = self._decoded(self.files[row])
        return images

    def _decoded(self, file):
        with reading(file, "an image"), self._image_module.open(file) as image:
            size = image.size
            if size == self._size:
                pixels = np.asarray(
                    image if image.mode == self._mode else image.convert(self._mode)
                )
                return pixels.reshape(self.event_shape)
        found = f"its size was {self._size} and is {size}"
        raise source_error(file, "stay as it is while it is read", found)


def read_image_folder(folder, limit=None, seed=0):
    """Returns the `RawData` of a folder of images, as `ImageRows` reads them.

    Args:
        folder: images, without labels; or folders of images, which are the labels.
        limit: decode at most this many, drawn by `seed`, though the sizes of all are checked.
            Default: None, all.
        seed: an integer.

    Raises:
        ValueError, ImportError: as `ImageRows`.
    """
    rows = ImageRows(folder)
    labels = _labels(folder, rows.files)
    chosen = limit_indices(rows.count, limit, seed)
    return RawData(
        os.path.basename(os.path.abspath(folder)),
        x=rows.read(chosen),
        y=None if labels is None else labels[chosen],
        scaling=rows.scaling,
    )


def _list_images(folder):
    """Returns the paths of all images under `folder`, sorted."""
    files = []
    for directory, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files += [
            os.path.join(directory, name)
            for name in names
            if name.lower().endswith(SUFFIXES) and not name.startswith(".")
        ]
    if not files:
        raise source_error(folder, f"hold images, files that end in {', '.join(SUFFIXES)}")
    return sorted(files)


def _labels(folder, files):
    """Returns the first folder on the way to each file as an array, or None without folders."""
    parts = [os.path.relpath(file, folder).split(os.sep) for file in files]
    loose = sum(len(path) == 1 for path in parts)
    if loose == len(files):
        return None
    if loose:
        found = f"{loose} images outside of the folders and {len(files) - loose} inside"
        raise source_error(folder, "hold either images or one folder of images per label", found)
    return np.array([path[0] for path in parts])


def _common_form(image_module, files):
    """Returns the size (width, height) and the mode of all images; reads their headers only."""
    first_size, modes = None, set()
    for file in files:
        with _opened(image_module, file) as image:
            size, mode = image.size, image.mode
            transparent = "transparency" in image.info
            if mode == "P" and _is_gray(image.getpalette("RGB")):
                mode = "L"
        if mode not in _MODES:
            raise source_error(file, "be an image of 8 bits per channel", f"mode {mode!r}")
        first_size = first_size or size
        if size != first_size:
            raise source_error(
                os.path.dirname(file),
                "hold images of one size",
                f"{files[0]!r} is {first_size[0]} x {first_size[1]}, "
                f"{file!r} is {size[0]} x {size[1]}",
            )
        modes.add("RGBA" if transparent else _MODES[mode])
    return first_size, max(modes, key=_CHANNELS.get)


def _is_gray(palette):
    """Whether all colors of a palette, a flat list of red, green and blue, are gray."""
    return palette[0::3] == palette[1::3] == palette[2::3]


@contextlib.contextmanager
def _opened(image_module, file):
    """Gives the open image; whatever fails in opening or decoding is an error about the file."""
    with (
        warnings.catch_warnings(),
        reading(file, "an image"),
        _bombs_as_value_errors(image_module),
        image_module.open(file) as image,
    ):
        yield image


@contextlib.contextmanager
def _bombs_as_value_errors(image_module):
    """Makes Pillow's guard against decompression bombs, a warning first, an error at once."""
    warnings.simplefilter("error", image_module.DecompressionBombWarning)
    try:
        yield
    except (image_module.DecompressionBombWarning, image_module.DecompressionBombError) as error:
        raise ValueError(f"it may be a decompression bomb: {error}") from error
