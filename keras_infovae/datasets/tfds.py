"""TensorFlow Datasets, under names such as "tfds:mnist", where that library is installed."""

import importlib

import numpy as np

from keras_infovae.datasets.raw import RawData
from keras_infovae.datasets.reading import some, source_error
from keras_infovae.utils.splits import SPLITS

PREFIX = "tfds:"


def read(source):
    """Returns the `RawData` of a data set of TensorFlow Datasets, downloading it if need be.

    The examples are the set's supervised input, or else its feature `image`, or else its only
    feature; labels are its supervised target or its feature `label`. Splits called `validation` and
    `test` are kept as they are.

    Args:
        source: `"tfds:"` and a name, which may hold a configuration and a version.

    Raises:
        ImportError: when the library is not installed.
        ValueError: when there is no such set, it has no `train` split, or its examples differ in
            shape.
    """
    library = tensorflow_datasets("source", source)
    try:
        builder = library.builder(source[len(PREFIX) :])
    except ValueError as error:  # goes on with a list of a thousand names
        reason = str(error).strip().partition("\n")[0]
        raise source_error(source, "name a data set of TensorFlow Datasets", reason) from error
    builder.download_and_prepare()
    if "train" not in builder.info.splits:
        found = f"it has {', '.join(map(repr, builder.info.splits))}"
        raise source_error(source, "have a split 'train'", found)
    features = builder.info.features
    x, y = _keys(source, features, builder.info.supervised_keys)
    if features[x].shape is None or None in features[x].shape:  # it would be padded with zeros
        found = f"{x!r} has the shape {features[x].shape}"
        raise source_error(source, "have examples that are all of one shape", found)
    arrays = {}
    for split, suffix in (("train", ""), ("validation", "_validation"), ("test", "_test")):
        if split in builder.info.splits:
            columns = library.as_numpy(builder.as_dataset(split=split, batch_size=-1))
            arrays[f"x{suffix}"] = np.asarray(columns[x])
            arrays[f"y{suffix}"] = None if y is None else np.asarray(columns[y])
    others = [name for name in builder.info.splits if name not in SPLITS]
    passed_over = [f"{source}: splits passed over: {some(others)}"] if others else []
    return RawData(source, **arrays, passed_over=passed_over)


def tensorflow_datasets(name, value):
    """Returns the library, which is imported when it is first needed.

    Args:
        name: of the argument that asks for it.
        value: what the user gave.

    Raises:
        ImportError: when it is not installed, naming the extra.
    """
    try:
        return importlib.import_module("tensorflow_datasets")
    except ImportError as error:
        raise ImportError(
            f"{name}={value!r} needs TensorFlow Datasets: pip install keras-infovae[tfds]"
        ) from error


def _keys(source, features, supervised_keys):
    """Returns the names of the examples' and of the labels' feature; the latter may be None."""
    if supervised_keys and all(isinstance(key, str) for key in supervised_keys):
        x, y = supervised_keys[:2]
        return x, None if x == y else y
    label = "label" if "label" in features else None
    others = [name for name in features if name != label]
    if "image" in features:
        return "image", label
    if len(others) == 1:
        return others[0], label
    found = f"its features are {', '.join(map(repr, features))}"
    raise source_error(source, "have a feature 'image' or a single feature", found)
