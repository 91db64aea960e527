"""The condition of a run's model: the labels of its data, as numbers of classes."""

import numpy as np

from keras_infovae.cli.errors import CommandLineError
from keras_infovae.utils.checks import check_choice

SPLITS = ("train", "validation", "test")
CLASSES = "classes"  # in config.json: labels in their order; the condition is the place in it
_SHOWN = 12


def classes_of(data):
    """Returns the different labels of `data` in ascending order, a list fit for JSON.

    Raises:
        ValueError: for data without labels, with labels that are numbers on a scale, of a single
            class, or with a class that is not among the training examples.
    """
    parts = [getattr(data, f"{split}_labels") for split in SPLITS if len(getattr(data, split))]
    if any(labels is None or np.ndim(labels) != 1 for labels in parts):
        raise ValueError(
            "Argument `data` must have one label per example, which is the condition. Received: "
            "data without (for a table, name the column by --label_column)"
        )
    labels = np.concatenate(parts)
    if labels.dtype.kind == "f" and np.any(labels != np.floor(labels)):
        raise ValueError(
            "Argument `data` must have labels that are classes: integers or text. Received: "
            f"numbers on a scale, such as {labels[labels != np.floor(labels)][0]:g}"
        )
    classes = np.unique(labels).tolist()
    unknown = set(classes) - set(np.unique(data.train_labels).tolist())
    if unknown or len(classes) < 2:
        found = f"{sorted(unknown)[0]!r} is in no training example" if unknown else classes
        raise ValueError(
            "Argument `data` must have labels of at least two classes, each of them among the "
            f"training examples. Received: {found}"
        )
    return classes


def of_splits(data, config):
    """Returns {split: the class of each example, int64 [n]}; None for what has no condition.

    Args:
        data: a `Dataset`.
        config: the run's config.

    Raises:
        ValueError: where the run's model takes labels and `data` has none, or has others.
    """
    classes = config.get(CLASSES)
    if classes is None:
        return dict.fromkeys(SPLITS)
    return {
        split: _indices(getattr(data, f"{split}_labels"), classes)
        if len(getattr(data, split))
        else None
        for split in SPLITS
    }


def class_of(name, config):
    """Returns the number of the class that --condition=`name` asks for, or None without one.

    Raises:
        CommandLineError: for a class of a run that has none, the lack of one, and unknown ones.
    """
    classes = config.get(CLASSES)
    if classes is None:
        if name is not None:
            raise CommandLineError(
                "Argument `--condition` must be left out: the model of the run takes none. "
                f"Received: --condition={name}"
            )
        return None
    names = list(map(str, classes))
    if name is None:
        raise CommandLineError(
            f"Argument `--condition` must be given: one of {shown(classes)}. Received: none"
        )
    try:
        return names.index(check_choice("--condition", name, names))
    except ValueError as error:
        raise CommandLineError(str(error)) from error


def shown(classes):
    """Returns the names of classes, as many as can be read, as text."""
    more = f" and {len(classes) - _SHOWN} more" if len(classes) > _SHOWN else ""
    return ", ".join(map(str, classes[:_SHOWN])) + more


def _indices(labels, classes):
    if labels is None:
        raise ValueError(
            "Argument `data` must have labels: they are the condition of the run's model. "
            "Received: data without"
        )
    known, labels = np.array(classes), np.asarray(labels)
    alike = (known.dtype.kind in "US") == (labels.dtype.kind in "US")
    outside = labels[~np.isin(labels, known)] if alike else labels
    if len(outside):
        raise ValueError(
            f"Argument `data` must have labels that the run was trained on: {shown(classes)}. "
            f"Received: {outside[0]!s}"
        )
    return np.searchsorted(known, labels)
