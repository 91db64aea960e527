"""Data larger than memory: `stream` reads it batch by batch, in an order that can be repeated."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from keras_infovae.datasets.condition_rows import open_condition
from keras_infovae.datasets.layout import layout_note
from keras_infovae.datasets.memory import check_fits
from keras_infovae.datasets.raw import IMAGE_SCALING, scaling_of_dtype
from keras_infovae.datasets.reading import say
from keras_infovae.datasets.row_order import RowOrder
from keras_infovae.datasets.rows import open_rows
from keras_infovae.datasets.splitting import check_fractions
from keras_infovae.datasets.tfrecords import TFRecordFeature
from keras_infovae.preprocessors.scaling import standardizing_scaling
from keras_infovae.utils.checks import check_boolean, check_choice, check_integer
from keras_infovae.utils.pipelines import as_written
from keras_infovae.utils.splits import SPLITS

_HELD_BATCHES = 4  # in memory while a pass goes on


class Stream:
    """Examples of a source that stays on disk; `stream` makes it.

    Attributes:
        train: a `tf.data.Dataset` of float32 batches x [batch_size, *event_shape], or of (x,
            condition) where there is one, that knows its length. Each pass over it is in another
            order, that of `epoch`.
        validation: likewise, in one order always; None where its fraction is 0.
        test: likewise.
        scaling: a `Scaling`: how the source's numbers become those of the batches.
        sizes: the number of examples in each split, `{"train": ..., "validation": ..., ...}`.
        event_shape: the shape of one example, a tuple of integers.
        feature_names: a name per column of a table, or None.
        classes: the labels of the classes that are the condition, in the order of their numbers; or
            None.
        batch_size: examples per batch.
        notes: sentences on how the source was read and what of it was passed over.
        preprocessor: the `text.Text` of texts, whose batches are the numbers of tokens; else None.
        epoch: the number of the epoch that the next pass over `train` is; each pass adds one. `fit`
            sets it, also to its `initial_epoch`; in a loop of your own, set it to go on.
    """

    def __init__(
        self,
        rows: Any,
        batch_size: int,
        order: Any,
        scaling: Any,
        shuffle: bool,
        notes: Sequence[str] = (),
        told: Any = None,
        preprocessor: Any = None,
    ) -> None:
        self._rows, self._order, self._shuffle = rows, order, shuffle
        self._told, self.classes = told, None if told is None else told.classes
        self.batch_size, self.scaling, self.notes = batch_size, scaling, notes
        self.preprocessor = preprocessor
        self.event_shape, self.feature_names = rows.event_shape, rows.feature_names
        self.sizes = {split: order.size(split) for split in SPLITS}
        self.epoch = 0
        self.train = self._dataset("train")
        self.train.begin_epoch = self._begin_epoch  # `fit` looks for it
        self.validation = self._dataset("validation")
        self.test = self._dataset("test")

    def sample(self, split: str, count: int, seed: int = 0) -> np.ndarray:
        """Returns examples in memory, for numbers and pictures: float32 [<= count, *event_shape].

        Args:
            split: "train", "validation" or "test".
            count: how many; fewer where the split has fewer.
            seed: an integer of at least 0; the same seed gives the same examples. Default: 0.
        """
        rows = self._sampled(split, count, seed)
        return self._scaled(rows, self._rows.read(rows))

    def sample_condition(self, split: str, count: int, seed: int = 0) -> np.ndarray:
        """Returns the condition of the examples that `sample` gives: classes [n], or [n, size].

        Args:
            split, count, seed: as for `sample`.
        """
        if self._told is None:
            raise ValueError(
                "Argument `condition` of `stream` must have been given: this one tells none"
            )
        return self._told.read(self._sampled(split, count, seed))

    def _sampled(self, split, count, seed):
        check_choice("split", split, SPLITS)
        check_integer("count", count)
        return self._order.sample(split, count, check_integer("seed", seed, minimum=0))

    def value_bounds(self) -> tuple[Any, Any]:
        """Returns two numbers between which all scaled values of all splits lie.

        Those of 8-bit images are 0 and 1. Else it takes a pass over all of the data.

        Raises:
            ValueError: for the first value that is not finite, with its file and row.
        """
        if self.scaling == IMAGE_SCALING:
            return 0.0, 1.0
        low, high = np.inf, -np.inf
        for split in SPLITS:
            for numbers, values in self._rows.chunks(self._order, split):
                values = self._scaled(numbers, values)
                low, high = min(low, float(values.min())), max(high, float(values.max()))
        return low, high

    def __repr__(self):
        sizes = ", ".join(f"{split}={size}" for split, size in self.sizes.items())
        return f"Stream(event_shape={self.event_shape}, {sizes}, batch_size={self.batch_size})"

    def _begin_epoch(self, epoch):
        self.epoch = epoch

    def _dataset(self, split):
        if not self.sizes[split]:
            return None
        steps, rest = divmod(self.sizes[split], self.batch_size)
        # One example says nothing of the aggregated posterior: another one each epoch is left out.
        steps += rest > (split == "train" and steps > 0)
        signature = tf.TensorSpec([None, *self.event_shape], tf.float32)
        if self._told is not None:
            some = self._told.read(np.arange(1))
            signature = (signature, tf.TensorSpec([None, *some.shape[1:]], some.dtype))
        dataset = tf.data.Dataset.from_generator(
            functools.partial(self._pass, split, steps), output_signature=signature
        )
        dataset = dataset.apply(tf.data.experimental.assert_cardinality(steps)).prefetch(2)
        return as_written(dataset)

    def _pass(self, split, steps):
        """Yields the batches of one pass over a split."""
        epoch = 0
        if split == "train":
            epoch, self.epoch = self.epoch, self.epoch + 1
            epoch = epoch if self._shuffle else None
        batches = self._order.batches(split, self.batch_size, epoch)
        for _, rows in zip(range(steps), batches):
            x = self._scaled(rows, self._rows.read(rows))
            yield x if self._told is None else (x, self._told.read(rows))

    def _scaled(self, rows, values):
        """Returns the `values` of `rows` as a model sees them; they are finite."""
        values = self.scaling.apply(values)
        self._rows.check_finite(rows, values)
        return values


def stream(
    source: Any,
    batch_size: int,
    *,
    shuffle: bool = True,
    standardize: bool = False,
    columns: Sequence[str] | None = None,
    feature: TFRecordFeature | None = None,
    condition: Any = None,
    validation_fraction: float = 0.1,
    test_fraction: float = 0.1,
    seed: int = 0,
) -> Stream:
    """Returns a `Stream` of data that need not fit in memory, for `fit(stream.train)`.

    Splits, scaling and checks are those of `datasets.load`. The order of an epoch follows from
    `seed` and the number of the epoch, so that a training that goes on with
    `fit(initial_epoch=k)` sees the order that it would have seen.

    Args:
        source: a path, or a list of paths of one kind that are read as one:
            - a `.npy` file of shape [n, ...], in C order;
            - a folder of images of one size, or of folders of them, decoded as they are needed; its
              folders `train`, `valid` and `test` are the splits;
            - TFRecord files (`.tfrecord`, `.tfrecords`, not compressed) of `tf.train.Example`, such
              as `write_tfrecords` makes;
            - Parquet files of numbers;
            - a folder of `.npy`, TFRecord or Parquet files, read in the order of their names.
            Up to 16,777,216 rows are shuffled exactly; beyond, that many at a time, of stretches of
            a million rows drawn by chance. Parquet is read by row groups: as many as take 256 MB,
            drawn by chance, are shuffled together. Each split takes a pass over all row groups,
            which should be well below 256 MB (`to_parquet(row_group_size=...)`).
        batch_size: examples per step. A last batch of a single example is left out of `train`,
            another one each epoch.
        shuffle: False trains in the order of the source in every epoch. Default: True.
        standardize: for tables, whether each column is brought to mean 0 and standard deviation 1
            of the training split, found by one pass over it. Default: False.
        columns: for Parquet files, a list of the columns that x has, in this order. Default: None,
            all of them.
        feature: for TFRecord files, a `TFRecordFeature`: which feature of an example is x, with
            its shape and dtype. Default: None, as `write_tfrecords` stores it.
        condition: what a model is told of each example, so that batches are (x, condition). Of
            Parquet files the name of a column of integers, which are classes, or a list of columns,
            which are features and no part of x where `columns` is None; of TFRecord files a
            `TFRecordFeature`; of a folder of images "labels", the names of its folders; of `.npy`
            files a path (or list) of `.npy` files of classes [n] or features [n, size]. Default:
            None.
        validation_fraction: share of the examples held out for validation, in [0, 1).
            Default: 0.1.
        test_fraction: share held out for testing, in [0, 1). Default: 0.1.
        seed: an integer of at least 0, of splits and orders. Default: 0.

    Returns:
        A `Stream` with `train`, `validation` and `test`.

    Raises:
        ValueError: for a damaged file, data that is empty or not numeric, files that do not belong
            together, and too few examples to split. Values that are not finite are found when they
            are read: `fit` then stops at that batch, before the step, with the file and the row.
        TypeError: when an argument is of the wrong type.
        FileNotFoundError: when there is no such file.

    Example:

    >>> import os, tempfile
    >>> import keras_infovae as ki
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = os.path.join(folder.name, "large.npy")
    >>> np.save(path, np.random.default_rng(0).normal(size=(1000, 5)))
    >>> stream = ki.datasets.stream(path, batch_size=100, standardize=True)
    >>> stream
    Stream(event_shape=(5,), train=800, validation=100, test=100, batch_size=100)
    >>> model = ki.InfoVAE(latent_dim=2, likelihood="normal")
    >>> model.fit(stream.train, validation_data=stream.validation)  # doctest: +SKIP
    >>> ki.evaluation.summarize(model, stream.sample("test", 5000))  # doctest: +SKIP
    >>> folder.cleanup()
    """
    batch_size = check_integer("batch_size", batch_size)
    seed = check_integer("seed", seed, minimum=0)
    fractions = check_fractions(validation_fraction, test_fraction)
    check_boolean("shuffle", shuffle)
    check_boolean("standardize", standardize)
    rows, told = open_rows(source, feature, columns), None
    if condition is not None:
        told = open_condition(condition, rows, source)
        if columns is None and rows.feature_names:  # all but what is told
            columns = [n for n in rows.feature_names if n not in told.columns]
            rows = open_rows(source, feature, columns)
    if standardize and len(rows.event_shape) != 1:
        raise ValueError(
            "Argument `standardize` must be False for data that is not a table, [n, num_features]: "
            f"images keep one scale for all pixels. Received: standardize=True, source={source!r} "
            f"with examples of shape {rows.event_shape}"
        )
    batches = (_HELD_BATCHES * batch_size, *rows.event_shape)
    check_fits(source, batches, rows.dtype.itemsize, "take a smaller `batch_size`")
    notes = say(rows.passed_over + layout_note(rows.event_shape), rows.found)
    order = RowOrder(rows.blocks, rows.window, fractions, seed, source, rows.splits)
    scaling = standardizing_scaling(_finite_chunks(rows, order)) if standardize else rows.scaling
    if scaling is None:
        chunks = (values for split in SPLITS for _, values in rows.chunks(order, split))
        scaling = scaling_of_dtype(rows.dtype, len(rows.event_shape), chunks)
    return Stream(rows, batch_size, order, scaling, shuffle, notes, told)


def _finite_chunks(rows, order):
    """Yields the values of the training split, checked."""
    for numbers, values in rows.chunks(order, "train"):
        rows.check_finite(numbers, values)
        yield values
