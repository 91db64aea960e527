"""The conditions of examples, where a model takes one: checked, picked, drawn and named."""

import numpy as np

from keras_infovae.evaluation.label_classes import as_labels, class_indices, shown
from keras_infovae.utils.checks import argument_error, check_choice, check_integer
from keras_infovae.utils.splits import SPLITS

LABELS = "labels"


def check_condition(model, condition, count=None):
    """Returns `condition` as an array with a row (or label) per example, or None.

    Args:
        model: a built model.
        condition: rows of `count` examples where the model takes a condition, else None.
        count: the number of examples. Default None: as many as there are.

    Raises:
        ValueError, TypeError: for one that the model does not take, or the lack of one that it
            does.
    """
    checked = model.example_spec.condition_array(condition, count)
    if checked is None:
        return None
    if not len(checked):
        raise ValueError("Argument `condition` must have at least one row. Received: none")
    return np.asarray(condition)


def take(condition, rows):
    """Returns `condition[rows]` as an array, or None for None."""
    return None if condition is None else np.asarray(condition)[rows]


def draw(condition, count, seed):
    """Returns `count` rows of `condition`, drawn with replacement by `seed`, or None for None.

    Of arrays of the same length, the same seed draws the same rows.
    """
    if condition is None:
        return None
    rng = np.random.default_rng(check_integer("seed", seed, minimum=0))
    return take(condition, rng.integers(len(condition), size=count))


def conditions_of(model, data, condition=None):
    """Returns {split: the rows of its condition, or None}, all of them as the model takes them.

    Args:
        model: a built model.
        data: a `datasets.Dataset`.
        condition: "labels" for the labels of each split; or a dictionary {split: one row (or
            label) per example}, such as this function returned; None (default) for a model that
            takes no condition. Where the condition is a class and the training labels are not
            integers from 0 to num_classes - 1, a label is the class that it has as its place among
            the different training labels in ascending order, of which there must be num_classes.

    Raises:
        ValueError, TypeError: for a model that takes a condition where none is given, or the other
            way round; for a split without one, or with one that the model does not take.
    """
    if isinstance(condition, dict) and all(rows is None for rows in condition.values()):
        condition = None
    if not model.condition.size:
        model.example_spec.condition_array(condition, None)  # which has to be None
        return dict.fromkeys(SPLITS)
    if isinstance(condition, str):
        check_choice("condition", condition, (LABELS,))
        condition = _of_labels(model, data)
    if condition is None or not isinstance(condition, dict) or not {*condition} <= {*SPLITS}:
        raise argument_error(
            "condition",
            f'"{LABELS}" or a dictionary with the rows of {", ".join(SPLITS)}: the model takes a '
            "condition",
            condition,
        )
    found = {}
    for split in SPLITS:
        count = len(getattr(data, split))
        if count and condition.get(split) is None:
            raise ValueError(
                f"Argument `condition` must give a row for each of the {count} examples of the "
                f"{split} split. Received: none"
            )
        found[split] = check_condition(model, condition[split], count) if count else None
    return found


def _of_labels(model, data):
    """Returns {split: labels, or None}; the numbers of classes where the model takes classes."""
    labels = {split: getattr(data, f"{split}_labels") for split in SPLITS}
    count = model.condition.num_classes
    if count is None or labels["train"] is None:
        return labels
    given = {split: part for split, part in labels.items() if part is not None}
    labels |= {split: as_labels(part, "condition") for split, part in given.items()}
    train = labels["train"]
    if train.dtype.kind != "U" and train.min() >= 0 and train.max() < count:
        return labels
    classes = np.unique(train).tolist()
    if len(classes) != count:
        raise ValueError(
            f"Argument `condition` must be labels from 0 to {count - 1}, or of {count} classes in "
            f"all. Received: {len(classes)} classes: {shown(classes)}"
        )
    return labels | {split: class_indices(labels[split], classes, "condition") for split in given}


def class_names_of(model, data, conditions):
    """Returns the label that each class of the condition stands for, a list of strings, or None.

    None where the condition is not of classes, or its classes are not the labels of `data`.

    Args:
        model: a model.
        data: a `datasets.Dataset`.
        conditions: what `conditions_of` returned.
    """
    labels, classes = data.train_labels, conditions["train"]
    if model.condition.num_classes is None or labels is None or np.ndim(labels) != 1:
        return None
    pairs = set(zip(classes.astype(int).tolist(), np.asarray(labels).tolist(), strict=True))
    names = dict(pairs)
    if not len(pairs) == len(names) == len(set(names.values())):
        return None
    return [str(names.get(i, i)) for i in range(model.condition.num_classes)]
