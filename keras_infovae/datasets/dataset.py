"""The one form that data of every source takes."""

import dataclasses
from typing import Any

import numpy as np

from keras_infovae.preprocessors.scaling import Scaling
from keras_infovae.utils.splits import SPLITS


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Examples in three disjoint splits, ready for `model.fit`.

    Args:
        name: what the data is called: the name or the file that it was loaded from.
        train: float32 [n_train, *event_shape].
        validation: float32 [n_validation, *event_shape]; n_validation may be 0.
        test: float32 [n_test, *event_shape]; n_test may be 0.
        train_labels: [n_train] integers or strings, or None where there are no labels.
        validation_labels: likewise, [n_validation].
        test_labels: likewise, [n_test].
        scaling: a `Scaling`: how the source's numbers became these.
        feature_names: a name per column of a table, or None.
        preprocessor: the `tables.Schema` by which rows of a table became these numbers, NaN
            where a value is missing; or None.
        conditions: {split: float32 [n, size]}, numbers of the columns of a table that are no part
            of the examples but their condition; or None.
        manifold: the `Manifold` that the examples lie on before scaling, or None where it is not
            known.
        notes: sentences on how the source was read and what of it was passed over. Default: none.

    Example:

    >>> import keras_infovae as ki
    >>> data = ki.datasets.load("digits")
    >>> data.event_shape
    (8, 8, 1)
    >>> data
    Dataset('digits', event_shape=(8, 8, 1), train=1437, validation=180, test=180, labels=10)
    """

    name: str
    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    train_labels: np.ndarray | None = None
    validation_labels: np.ndarray | None = None
    test_labels: np.ndarray | None = None
    scaling: Scaling = dataclasses.field(default_factory=Scaling)
    feature_names: list | None = None
    manifold: object = None
    notes: tuple = ()
    preprocessor: Any = None
    conditions: dict | None = None

    @property
    def event_shape(self) -> tuple[int, ...]:
        """The shape of one example, a tuple of integers."""
        return self.train.shape[1:]

    @property
    def num_classes(self) -> int | None:
        """The number of different labels in the training split, or None without labels."""
        return None if self.train_labels is None else len(np.unique(self.train_labels, axis=0))

    def held_out(self, least: int = 2) -> str:
        """Returns the name of the split that tells how good a model is.

        It is "test", where that has at least `least` examples, else "validation" likewise, else
        "train", whose examples the model knows.
        """
        held = [s for s in ("test", "validation") if len(getattr(self, s)) >= least]
        return held[0] if held else "train"

    def summary(self) -> str:
        """Returns a few lines of text: splits, the range of the values, labels, scaling, notes."""
        lines = [f"{self.name}: examples of shape {self.event_shape}"]
        for split in SPLITS:
            values = getattr(self, split)
            line = f"  {split:<11}{len(values):>8} examples"
            if len(values) and self.preprocessor is None:
                line += f", values {values.min():.4g} to {values.max():.4g}"
            lines.append(line)
        if self.train_labels is not None:
            lines.append(f"  labels: {self.num_classes} different ones in train")
        scaling = repr(self.scaling)
        if self.preprocessor is None:
            lines.append(f"  scaling: {scaling if len(scaling) < 80 else 'one per feature'}")
        else:
            lines += [f"  {line}" for line in str(self.preprocessor).splitlines()]
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)])

    def __repr__(self):
        labels = "" if self.train_labels is None else f", labels={self.num_classes}"
        return (
            f"Dataset({self.name!r}, event_shape={self.event_shape}, train={len(self.train)}, "
            f"validation={len(self.validation)}, test={len(self.test)}{labels})"
        )
