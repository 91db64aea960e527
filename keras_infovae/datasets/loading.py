"""`load`: one function for every source."""

import os

from keras_infovae.datasets import bundled, gaussian_blobs, official, tfds
from keras_infovae.datasets.dataset import Dataset
from keras_infovae.datasets.files import read_path, refuse_label_column
from keras_infovae.datasets.raw import check_raw
from keras_infovae.datasets.scaling import Scaling
from keras_infovae.datasets.splitting import (
    check_fractions,
    limit_indices,
    share_limit,
    split_indices,
)
from keras_infovae.utils.arrays import check_finite
from keras_infovae.utils.checks import argument_error, check_choice, check_integer
from keras_infovae.utils.splits import SPLITS

_NAMED = {**bundled.SOURCES, **gaussian_blobs.SOURCES, **official.SOURCES}


def load(
    source,
    *,
    standardize=False,
    validation_fraction=0.1,
    test_fraction=0.1,
    seed=0,
    limit=None,
    label_column=None,
):
    """Returns data of any source as a `Dataset`: float32 examples, shuffled and split by `seed`.

    Images of 8 bits are divided by 255 and digits by 16, which `Dataset.scaling` records; all other
    numbers are taken as they are.

    Args:
        source: where the data is:
            - `"digits"`, `"breast_cancer"`, `"wine"`: come with scikit-learn;
            - `"blobs"`: drawn; the images of `ki.datasets.blobs`, with their sizes as labels;
            - `"mnist"`, `"fashion_mnist"`, `"cifar10"`: from the Keras cache or the system, else
              downloaded; their test split is the official one;
            - `"tfds:name"`: from TensorFlow Datasets, where that is installed;
            - a path: a `.npy` or `.npz` (arrays `x`, or `x_train` and `x_test`, or the only one;
              labels `y`, or `y_train` and `y_test`), a `.csv` or `.parquet` table, an idx file
              (`.idx`, `-ubyte`, `.gz`), a folder of images (its sub-folders are the labels), or a
              folder with the four idx files of MNIST. A name of the above wins over a path: write
              `"./digits"` for a file of that name.
        standardize: for tables, whether each column is brought to mean 0 and standard deviation 1
            of the training split. Default: False.
        validation_fraction: share of the examples (without an official test split) that are held
            out for validation, in [0, 1). Default: 0.1.
        test_fraction: share that is held out for testing, in [0, 1). Unused where the source has a
            test split of its own. Default: 0.1.
        seed: an integer of at least 0; the same seed gives the same splits. Default: 0.
        limit: use at most this many examples, drawn by `seed`, of all splits together; an official
            test split keeps its proportion. Default: None, all.
        label_column: for `.csv` and `.parquet`, the column that is the label and not data.

    Returns:
        A `Dataset`. No split is empty but where its fraction is 0.

    Raises:
        ValueError: for an unknown name, a damaged file, data that is empty, not numeric or not
            finite, and for too few examples to split.
        TypeError: when an argument is of the wrong type.
        FileNotFoundError: when there is no such file, or a named set can be had nowhere.
        ImportError: when the library that reads the source is not installed.

    Example:

    >>> import keras_infovae as ki
    >>> data = ki.datasets.load("digits", seed=1)
    >>> data.train.shape, data.train.dtype, data.scaling
    ((1437, 8, 8, 1), dtype('float32'), Scaling(offset=0.0, scale=16.0))
    """
    fractions = check_fractions(validation_fraction, test_fraction)
    seed = check_integer("seed", seed, minimum=0)
    limit = None if limit is None else check_integer("limit", limit)
    if not isinstance(standardize, bool):
        raise argument_error("standardize", "True or False", standardize, TypeError)
    raw = check_raw(_read(source, label_column, limit, seed), source)
    if standardize and raw.x.ndim != 2:
        raise ValueError(
            "Argument `standardize` must be False for data that is not a table, [n, num_features]: "
            f"images keep one scale for all pixels. Received: standardize=True, source={source!r} "
            f"with examples of shape {raw.x.shape[1:]}"
        )
    parts = _split(raw, fractions, seed, limit, source)
    scaling = Scaling.standardize(parts["train"][0]) if standardize else raw.scaling
    arrays = {}
    for split, (x, y) in parts.items():
        arrays[split] = scaling.apply(x)
        arrays[f"{split}_labels"] = y
        check_finite(f"source as float32, its {split} split", arrays[split])
    return Dataset(name=raw.name, scaling=scaling, feature_names=raw.feature_names, **arrays)


def _read(source, label_column, limit, seed):
    """Returns the `RawData` of `source`."""
    if not isinstance(source, (str, os.PathLike)):
        raise argument_error("source", "a name or a path", type(source), TypeError)
    if isinstance(source, str) and (source in _NAMED or source.startswith(tfds.PREFIX)):
        refuse_label_column(label_column, source)
        return _NAMED[source]() if source in _NAMED else tfds.read(source)
    path = os.path.expanduser(os.fspath(source))
    if os.path.exists(path):
        return read_path(path, label_column=label_column, limit=limit, seed=seed)
    if isinstance(source, str) and not (os.path.dirname(path) or os.path.splitext(path)[1]):
        try:
            check_choice("source", source, _NAMED)
        except ValueError as error:
            raise ValueError(f"{error} Or give the path of a file or folder that exists.") from None
    raise FileNotFoundError(
        f"Argument `source` must be a path that exists. Received: source={os.fspath(source)!r}"
    )


def _split(raw, fractions, seed, limit, source):
    """Returns {split: (raw examples, labels or None)}."""

    def take(x, y, indices):
        return x[indices], None if y is None else y[indices]

    if raw.x_test is None:
        chosen = limit_indices(len(raw.x), limit, seed)
        parts = split_indices(len(chosen), fractions, seed, source)
        return {name: take(raw.x, raw.y, chosen[i]) for name, i in zip(SPLITS, parts, strict=True)}
    limit, test_limit = share_limit(limit, len(raw.x), len(raw.x_test))
    chosen = limit_indices(len(raw.x), limit, seed)
    train, validation = split_indices(len(chosen), fractions[:1], seed, source)
    test = limit_indices(len(raw.x_test), test_limit, seed)
    return {
        "train": take(raw.x, raw.y, chosen[train]),
        "validation": take(raw.x, raw.y, chosen[validation]),
        "test": take(raw.x_test, raw.y_test, test),
    }
