"""How data of a shape is shown: as images, as the columns of a table, or as curves."""

import math

import numpy as np

from keras_infovae.evaluation.plots import style
from keras_infovae.utils.checks import argument_error, check_integer

IMAGES, TABLE, CURVES = "images", "table", "curves"
MOST_PANELS = 30
_SMALLEST_SIDE = 8  # of [height, width]: below it, two axes are time and channel, or the like
_TILE_PIXELS = 96
_LONGEST_NAME = 40  # of a column; in characters
_CHANNEL_NOTES = {
    2: " The first channel is red, the second cyan.",
    4: " The fourth channel is opacity, over white.",
}


def view(event_shape, feature_names=None):
    """Returns IMAGES, TABLE or CURVES.

    Images are [height, width, 1 to 4 channels] and [height, width] with sides of 8 and more. All
    else is taken as one row of values: a table when there are names or few of them, else curves.
    """
    sides = tuple(event_shape[:2])
    if len(event_shape) == 3 and event_shape[2] <= 4 and min(sides) > 1:
        return IMAGES
    if len(event_shape) == 2 and min(sides) >= _SMALLEST_SIDE:
        return IMAGES
    few = math.prod(event_shape) <= MOST_PANELS
    return TABLE if few or feature_names is not None else CURVES


def check_features(feature_names, num_features):
    """Returns the name of each column, short enough for an axis; made up when there are none."""
    if feature_names is None:
        return [f"column {i}" for i in range(num_features)]
    if len(feature_names) != num_features:
        raise argument_error(
            "feature_names", f"{num_features} names or None", f"{len(feature_names)} names"
        )
    return [style.shortened(name, _LONGEST_NAME) for name in feature_names]


def rows_of(model, values):
    """Returns `values` [n, ...] as float64 rows [n, num_features] in the unit of the raw data."""
    scaling = getattr(model, "scaling", None)
    values = np.asarray(values) if scaling is None else scaling.invert(values)
    return values.reshape(len(values), -1).astype("float64")


def spread_out(n, count):
    """Returns up to `count` indices of n examples, evenly spread, always the same."""
    check_integer("n", n)
    return np.unique(np.linspace(0, n - 1, min(n, count)).round().astype(int))


class ImageView:
    """Turns x [n, height, width, channels] or [n, height, width] into colors in [0, 1].

    The range shown is that of the values of x, or else of `reference`, so that images of data and
    model can be compared. One channel is gray; two are red and cyan; the fourth is opacity. `note`
    is a sentence that says so, or empty. NaN, where there is no image, is white.
    """

    def __init__(self, model, reference):
        low, high = model.example_spec.values.minimum, model.example_spec.values.maximum
        known = reference[~np.isnan(reference)]
        known = known if len(known) else np.zeros(1)
        self.low = float(np.min(known)) if low is None else low
        self.high = float(np.max(known)) if high is None else high
        channels = reference.shape[3] if reference.ndim == 4 else 1
        self.note = _CHANNEL_NOTES.get(channels, "")

    def colors(self, x):
        """Returns [n, height, width, 3]."""
        x = np.asarray(x, "float32")
        x = x[..., None] if x.ndim == 3 else x
        x = np.clip((x - self.low) / max(self.high - self.low, 1e-12), 0.0, 1.0)
        x = np.nan_to_num(x, nan=1.0)
        channels = x.shape[-1]
        if channels == 1:
            return np.repeat(x, 3, axis=-1)
        if channels == 2:
            return x[..., [0, 1, 1]]
        if channels == 4:  # over white
            return x[..., :3] * x[..., 3:] + 1.0 - x[..., 3:]
        return x

    def mosaic(self, x, columns):
        """Returns images [n, ...] in rows of `columns` as one image with white gaps.

        Small images are enlarged by a whole factor, so that pixels stay sharp squares.
        """
        images = self.colors(x)
        n, height, width, _ = images.shape
        factor = max(1, -(-_TILE_PIXELS // max(height, width)))
        images = images.repeat(factor, axis=1).repeat(factor, axis=2)
        gap = max(2, round(0.06 * factor * max(height, width)))
        step = height * factor + gap, width * factor + gap
        rows = -(-n // columns)
        canvas = np.ones((rows * step[0] - gap, columns * step[1] - gap, 3), "float32")
        for i, image in enumerate(images):
            row, column = divmod(i, columns)
            top, left = row * step[0], column * step[1]
            canvas[top : top + height * factor, left : left + width * factor] = image
        return canvas


def mosaic_centers(canvas_side, count):
    """Returns the pixel at the middle of each of `count` tiles along one side of a mosaic."""
    return (np.arange(count) + 0.5) * canvas_side / count - 0.5
