"""Sets of images with known factors from TensorFlow Datasets, where that library is installed."""

from __future__ import annotations

import numpy as np

from keras_infovae.datasets.factor_images import FactorImages
from keras_infovae.datasets.reading import source_error
from keras_infovae.datasets.tfds import tensorflow_datasets
from keras_infovae.utils.checks import check_choice

# {set: ({factor: its feature}, the splits that together have all combinations)}
_SETS = {
    "dsprites": (
        {
            "shape": "label_shape",
            "scale": "label_scale",
            "orientation": "label_orientation",
            "x": "label_x_position",
            "y": "label_y_position",
        },
        ("train",),
    ),
    "shapes3d": (
        {
            "floor_hue": "label_floor_hue",
            "wall_hue": "label_wall_hue",
            "object_hue": "label_object_hue",
            "scale": "label_scale",
            "shape": "label_shape",
            "orientation": "label_orientation",
        },
        ("train",),
    ),
    "smallnorb": (
        {
            "category": "label_category",
            "instance": "instance",
            "elevation": "label_elevation",
            "azimuth": "label_azimuth",
            "lighting": "label_lighting",
        },
        ("train", "test"),
    ),
}


def factor_images(name: str) -> FactorImages:
    """Returns a set of TensorFlow Datasets with known factors, which it downloads if need be.

    Images are kept as uint8: 3 GB for dsprites, 6 for shapes3d and 0.5 for smallnorb, and about
    twice that while they are read.

    Args:
        name: "dsprites" (64 x 64 x 1, 737,280 images), "shapes3d" (64 x 64 x 3, 480,000) or
            "smallnorb" (96 x 96 x 1, 48,600: both splits, the image of the first camera).

    Returns:
        A `FactorImages`, with values in [0, 1].

    Raises:
        ImportError: when the library is not installed, naming the extra.
        ValueError: for another name, and a set that does not have one image for each combination.

    Example:

    >>> import keras_infovae as ki
    >>> data = ki.datasets.factor_images("shapes3d")  # doctest: +SKIP
    >>> scores = ki.evaluation.disentanglement(model, data)  # doctest: +SKIP

    References:
        Matthey, Higgins, Hassabis, Lerchner, dSprites, 2017; Burgess and Kim, 3D Shapes, 2018;
        LeCun, Huang, Bottou, Learning Methods for Generic Object Recognition with Invariance to
        Pose and Lighting, CVPR 2004.
    """
    features, splits = _SETS[check_choice("name", name, _SETS)]
    library = tensorflow_datasets("name", name)
    builder = library.builder(name)
    builder.download_and_prepare()
    parts = [library.as_numpy(builder.as_dataset(split=split, batch_size=-1)) for split in splits]
    images = np.concatenate([np.asarray(part["image"]) for part in parts])
    columns = [np.concatenate([np.asarray(part[f]) for part in parts]) for f in features.values()]
    found = [np.unique(column, return_inverse=True) for column in columns]
    sizes = tuple(len(values) for values, _ in found)
    place = np.ravel_multi_index([inverse.ravel() for _, inverse in found], sizes)
    if len(place) != np.prod(sizes) or np.any(np.bincount(place, minlength=len(place)) != 1):
        shown = f"{len(place)} images, {len(np.unique(place))} combinations of {sizes}"
        raise source_error(name, "have one image for each combination of factors", shown)
    number = np.empty(len(place), "int64")  # of the image at each place
    number[place] = np.arange(len(place))
    top = np.float32(1 if images.max() <= 1 else 255)  # those of dsprites are 0 and 1

    def draw(factors):
        return images[number[np.ravel_multi_index(factors.T, sizes)]] / top

    values = dict(zip(features, (values for values, _ in found)))
    return FactorImages(name, values, images.shape[1:], draw)
