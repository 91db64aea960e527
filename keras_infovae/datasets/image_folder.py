"""Folders of images, read by Pillow."""

import os

import numpy as np

from keras_infovae.datasets.image_files import find_images
from keras_infovae.datasets.image_opening import open_image, opened, oriented, turn
from keras_infovae.datasets.memory import check_fits
from keras_infovae.datasets.raw import RawData
from keras_infovae.datasets.reading import import_optional, reading, source_error
from keras_infovae.datasets.splitting import limit_indices, share_limit
from keras_infovae.preprocessors.scaling import Scaling
from keras_infovae.utils.splits import SPLITS

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

    All become gray if all are gray, else RGB, or RGBA if one of them is transparent. They are
    turned as EXIF says. Of an animated image, and of a file of several, the first one is taken.

    Args:
        path: a folder with images, or with folders of images, as `find_images` has them. Order: by
            path.

    Raises:
        ValueError: when there are no images, one is unreadable, or two differ in size.
        ImportError: when Pillow is not installed.
    """

    scaling = Scaling(0.0, 255.0)
    dtype = np.dtype(np.uint8)
    feature_names = None

    def __init__(self, path):
        self.path = path
        found = find_images(path)
        self.files, self.labels, self.splits = found.paths, found.labels, found.splits
        self.passed_over, self.found = found.passed_over, found.found
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
        with reading(file, "an image"), open_image(self._image_module, file) as image:
            size, orientation = oriented(image)
            if size == self._size:
                image = image if image.mode == self._mode else image.convert(self._mode)
                if orientation > 1:
                    image = image.transpose(turn(self._image_module, orientation))
                pixels = np.asarray(image)
                if pixels.shape[:2] == self.event_shape[:2]:
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
    pools = {"train": np.arange(rows.count)}
    if rows.splits is not None:
        pools = {name: np.flatnonzero(rows.splits == i) for i, name in enumerate(SPLITS)}
    pools = {name: pool for name, pool in pools.items() if len(pool)}
    shares = share_limit(limit, *map(len, pools.values()))
    chosen = {
        name: pool[limit_indices(len(pool), share, seed)]
        for (name, pool), share in zip(pools.items(), shares)
    }
    check_fits(folder, (sum(map(len, chosen.values())), *rows.event_shape), rows.dtype.itemsize)
    labels = None if rows.labels is None else np.array(rows.labels)
    arrays = {}
    for name, numbers in chosen.items():
        suffix = "" if name == "train" else f"_{name}"
        arrays[f"x{suffix}"] = rows.read(numbers)
        arrays[f"y{suffix}"] = None if labels is None else labels[numbers]
    return RawData(
        os.path.basename(os.path.abspath(folder)),
        **arrays,
        scaling=rows.scaling,
        passed_over=rows.passed_over,
        found=rows.found,
    )


def _common_form(image_module, files):
    """Returns the size (width, height) and the mode of all images; reads their headers only."""
    first_size, modes = None, set()
    for file in files:
        with opened(image_module, file) as image:
            size, mode = oriented(image)[0], image.mode
            if _is_cut(image):  # which Pillow would make 8 bits of without a word
                mode += ", 16 bits"
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


def _is_cut(image):
    """Whether an image that was opened has 16 bits per channel, of which Pillow keeps 8."""
    arguments = [tile[-1] for tile in image.tile]
    if image.format == "PPM":
        numbers = [n for given in arguments if isinstance(given, tuple) for n in given[1:]]
        return any(isinstance(n, int) and n > 255 for n in numbers)
    return any(";16" in str(given) for given in arguments)


def _is_gray(palette):
    """Whether all colors of a palette, a flat list of red, green and blue, are gray."""
    return palette[0::3] == palette[1::3] == palette[2::3]
