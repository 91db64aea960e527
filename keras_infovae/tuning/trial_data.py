"""The examples that the trials of a search are trained and compared on."""

import dataclasses
from typing import Any, NamedTuple

import numpy as np

from keras_infovae.datasets import Dataset
from keras_infovae.evaluation.conditions import conditions_of
from keras_infovae.preprocessors import Scaling
from keras_infovae.utils import arrays
from keras_infovae.utils.checks import argument_error


class TrialData(NamedTuple):
    """Arrays, with a row for each example.

    Args:
        x, x_validation: to train on, and to compare by.
        scaling: how raw data became x, or None.
        condition, condition_validation: likewise; None for models without a condition.
    """

    x: Any
    x_validation: Any
    scaling: Any
    condition: Any
    condition_validation: Any

    @property
    def validation(self):
        """What `fit` takes as `validation_data`."""
        rows = self.condition_validation
        return (self.x_validation,) if rows is None else (self.x_validation, rows)

    def fingerprint(self):
        """Returns a hash of all that results depend on."""
        parts = {"train": self.x, "validation": self.x_validation}
        if self.condition is not None:
            parts |= {
                "condition": self.condition,
                "condition_validation": self.condition_validation,
            }
        if self.scaling not in (None, Scaling()):  # which leaves rows as they are
            parts |= {
                "offset": np.asarray(self.scaling.offset),
                "scale": np.asarray(self.scaling.scale),
            }
        return arrays.fingerprint(parts)


def dataset_of(data):
    """Returns what `tune` was given as a `Dataset` without a test split.

    Raises:
        ValueError, TypeError: for anything else, and for fewer than 2 examples of either kind.
    """
    if isinstance(data, Dataset):
        data = dataclasses.replace(data, test=data.train[:0], test_labels=None)
    elif isinstance(data, (tuple, list)) and len(data) == 2:
        x, x_validation = (np.asarray(part) for part in data)
        if object in (x.dtype, x_validation.dtype):
            expected = "a pair of arrays of numbers, or a Dataset as datasets.load makes of a table"
            kinds = f"({type(data[0]).__name__}, {type(data[1]).__name__}) with other values"
            raise argument_error("data", expected, kinds, TypeError)
        data = Dataset("data", x, x_validation, x[:0], scaling=None)
    else:
        raise argument_error(
            "data", "a Dataset or a pair of arrays (x, x_validation)", type(data), TypeError
        )
    for name, part in (("training", data.train), ("validation", data.validation)):
        if part.ndim < 2 or len(part) < 2:
            raise ValueError(
                f"Argument `data` must have at least 2 {name} examples. "
                f"Received: {name} examples of shape {part.shape}"
            )
    return data


def trial_data(data, model, condition):
    """Returns the `TrialData` of what `dataset_of` returned.

    Args:
        data: a `Dataset`.
        model: a built model of the search.
        condition: "labels", or {"train": rows, "validation": rows}; None for models without.

    Raises:
        ValueError, TypeError: for a condition that `model` does not take, or the lack of one.
    """
    rows = conditions_of(model, data, condition)
    given = rows["train"], rows["validation"]
    return TrialData(data.train, data.validation, data.scaling, *given)
