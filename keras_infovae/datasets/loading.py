"""`load`: one function for every source."""

from __future__ import annotations

import os
from typing import Any

from keras_infovae.datasets import bundled, gaussian_blobs, manifolds, official, tfds
from keras_infovae.datasets.dataset import Dataset
from keras_infovae.datasets.files import read_path
from keras_infovae.datasets.layout import layout_note
from keras_infovae.datasets.raw import check_raw
from keras_infovae.datasets.reading import naming, say
from keras_infovae.datasets.splitting import (
    check_fractions,
    limit_indices,
    share_limit,
    split_indices,
)
from keras_infovae.datasets.tables import TableSettings
from keras_infovae.preprocessors.scaling import Scaling
from keras_infovae.utils.arrays import check_finite
from keras_infovae.utils.checks import argument_error, check_boolean, check_choice, check_integer
from keras_infovae.utils.splits import SPLITS

_DRAWN = {**gaussian_blobs.SOURCES, **manifolds.SOURCES}
NAMED = {**bundled.SOURCES, **_DRAWN, **official.SOURCES}


def load(
    source: Any,
    *,
    standardize: bool | Scaling = False,
    validation_fraction: float = 0.1,
    test_fraction: float = 0.1,
    seed: int = 0,
    limit: int | None = None,
    label_column: str | None = None,
    header: str | None = None,
    separator: str | None = None,
    decimal: str | None = None,
) -> Dataset:
    """Returns data of any source as a `Dataset`: float32 examples, shuffled and split by `seed`.

    Images of 8 bits are divided by 255 and digits by 16, which `Dataset.scaling` records; all other
    numbers are taken as they are.

    Args:
        source: where the data is:
            - `"digits"`, `"breast_cancer"`, `"wine"`: come with scikit-learn;
            - `"blobs"`: drawn; the images of `ki.datasets.blobs`, with their sizes as labels;
            - `"circle"`, `"sphere"`, `"torus"`, `"rotated_arrow"`, `"periodic_blob"`,
              `"turned_arrow"`: drawn; 5,000 examples of the manifold of that name in `ki.datasets`;
            - `"mnist"`, `"fashion_mnist"`, `"cifar10"`: from the Keras cache or the system, else
              downloaded; their test split is the official one;
            - `"tfds:name"`: from TensorFlow Datasets, where that is installed;
            - a path: a `.npy` or `.npz` (arrays `x`, or `x_train`, `x_valid` and `x_test`, or the
              only one; labels `y`, or `y_train` and so on; docs/data.md has other names), a `.csv`,
              `.tsv` or `.parquet` table, TFRecords (`.tfrecord`, as `write_tfrecords` makes them),
              an idx file (`.idx`, `-ubyte`, `.gz`), a folder of images (its sub-folders are the
              labels, or the splits `train`, `valid` and `test`), a folder of `.csv`, `.parquet`,
              `.npy` or TFRecord files that are read as one, or a folder with the four idx files
              of MNIST. A name of the above wins over a path: write `"./digits"` for a file of that
              name.
        standardize: for tables, whether each column is brought to mean 0 and standard deviation 1
            of the training split; or the `Scaling` of other data, in whose unit these are brought.
            Default: False.
        validation_fraction: share of the examples (without official splits) that are held out for
            validation, in [0, 1). Unused where the source has such a split. Default: 0.1.
        test_fraction: share that is held out for testing, in [0, 1). Unused where the source has a
            test split of its own. Default: 0.1.
        seed: an integer of at least 0; the same seed gives the same splits. Default: 0.
        limit: use at most this many examples, drawn by `seed`, of all splits together; official
            splits keep their proportions. Default: None, all.
        label_column: for tables, the column that is the label and not data. Default: None.
        header: for `.csv`, "first" where the first row names the columns, "none" where it is data.
            Default: None, which decides by how the first row differs from the others.
        separator: for `.csv`, a character, "tab" or "space" (any run of blanks). Default: None,
            which makes most values numbers.
        decimal: for `.csv`, "." or ",". Default: None, which finds decimal commas where values are
            not separated by commas.

    Returns:
        A `Dataset`. No split is empty but where its fraction is 0. `notes` says what was concluded
        from the source and what of it was passed over; a `DataWarning` says the latter too.

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
    if not isinstance(standardize, Scaling):
        check_boolean("standardize", standardize)
    table = TableSettings(label_column, header, separator, decimal)
    raw = check_raw(_read(source, table, limit, seed), source)
    if standardize is True and raw.x.ndim != 2:
        raise ValueError(
            "Argument `standardize` must be False for data that is not a table, [n, num_features]: "
            f"images keep one scale for all pixels. Received: standardize=True, source={source!r} "
            f"with examples of shape {raw.x.shape[1:]}"
        )
    parts = _split(raw, fractions, seed, limit, source)
    scaling = _scaling(standardize, raw, parts["train"][0])
    arrays: dict[str, Any] = {}
    for split, (x, y) in parts.items():
        arrays[split] = scaling.apply(x)
        arrays[f"{split}_labels"] = y
        with naming(source):
            check_finite(f"source as float32, its {split} split", arrays[split])
    return Dataset(
        name=raw.name,
        scaling=scaling,
        feature_names=raw.feature_names,
        manifold=raw.manifold,
        notes=say(raw.passed_over + layout_note(raw.x.shape[1:]), raw.found),
        **arrays,
    )


def _scaling(standardize, raw, train):
    """Returns the `Scaling` that `standardize` asks for, of which `train` are the raw examples."""
    if not isinstance(standardize, Scaling):
        return Scaling.standardize(train) if standardize else raw.scaling
    for numbers in (standardize.offset, standardize.scale):
        if isinstance(numbers, list) and raw.x.shape[-1] != len(numbers):
            allowed = f"a Scaling of {raw.x.shape[-1]} features, as many as the data have"
            raise argument_error("standardize", allowed, f"one of {len(numbers)}")
    return standardize


def _read(source, table, limit, seed):
    """Returns the `RawData` of `source`."""
    if not isinstance(source, (str, os.PathLike)):
        raise argument_error("source", "a name or a path", type(source), TypeError)
    if isinstance(source, str) and (source in NAMED or source.startswith(tfds.PREFIX)):
        table.check(source)
        return NAMED[source]() if source in NAMED else tfds.read(source)
    path = os.path.expanduser(os.fspath(source))
    if os.path.exists(path):
        return read_path(path, table, limit, seed)
    if isinstance(source, str) and not (os.path.dirname(path) or os.path.splitext(path)[1]):
        try:
            check_choice("source", source, NAMED)
        except ValueError as error:
            raise ValueError(f"{error} Or give the path of a file or folder that exists.") from None
    raise FileNotFoundError(
        f"Argument `source` must be a path that exists. Received: source={os.fspath(source)!r}"
    )


def _split(raw, fractions, seed, limit, source):
    """Returns {split: (raw examples, labels or None)}."""

    def take(x, y, indices):
        return x[indices], None if y is None else y[indices]

    ready = {split: getattr(raw, f"x_{split}") for split in SPLITS[1:]}
    counts = [len(raw.x), *(len(x) for x in ready.values() if x is not None)]
    of_pool, *of_ready = share_limit(limit, *counts)
    chosen = limit_indices(len(raw.x), of_pool, seed)
    shares = [0.0 if x is not None else share for x, share in zip(ready.values(), fractions)]
    drawn = split_indices(len(chosen), shares, seed, source)
    parts = {name: take(raw.x, raw.y, chosen[i]) for name, i in zip(SPLITS, drawn, strict=True)}
    of_ready = iter(of_ready)
    for split, x in ready.items():
        if x is not None:
            indices = limit_indices(len(x), next(of_ready), seed)
            parts[split] = take(x, getattr(raw, f"y_{split}"), indices)
    return parts
