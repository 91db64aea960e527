"""A small set of images with known factors, for tests and first steps."""

from __future__ import annotations

import numpy as np

from keras_infovae.datasets.factor_images import FactorImages
from keras_infovae.datasets.raw import RawData
from keras_infovae.preprocessors.scaling import Scaling

_SIZE = 16
_POSITIONS = np.arange(2.0, 14.0)  # pixels
_DEVIATIONS = np.array([0.8, 1.1, 1.5, 2.0, 2.7])  # pixels


def blobs() -> FactorImages:
    """Returns 720 images of one Gaussian blob each, 16 x 16 pixels in [0, 1]:

        image[row, column] = exp(-((row - y)^2 + (column - x)^2) / (2 size^2))

    | factor | values |
    |---|---|
    | size | 0.8, 1.1, 1.5, 2, 2.7 pixels |
    | y, x | 12 each, from 2 to 13 pixels |

    Returns:
        A `FactorImages`.

    Example:

    >>> import keras_infovae as ki
    >>> image = ki.datasets.blobs().image_at([0, 3, 7])
    >>> int(image.argmax()) == 5 * 16 + 9, float(image.max())
    (True, 1.0)
    """

    def draw(factors):
        size, y, x = (
            _DEVIATIONS[factors[:, 0]],
            _POSITIONS[factors[:, 1]],
            _POSITIONS[factors[:, 2]],
        )
        across = np.arange(_SIZE)
        down = np.exp(-0.5 * ((across - y[:, None]) / size[:, None]) ** 2)
        right = np.exp(-0.5 * ((across - x[:, None]) / size[:, None]) ** 2)
        return (down[:, :, None] * right[:, None, :])[..., None]

    values = {"size": _DEVIATIONS, "y": _POSITIONS, "x": _POSITIONS}
    return FactorImages("blobs", values, (_SIZE, _SIZE, 1), draw)


def read_blobs():
    """Returns the `RawData` of all blobs, float32 [720, 16, 16, 1], labeled by their size."""
    data = blobs()
    factors = data.factors_at(np.arange(len(data)))
    return RawData("blobs", data.image_at(factors), factors[:, 0], scaling=Scaling())


SOURCES = {"blobs": read_blobs}
