"""Labels of any kind, as colors of points."""

import dataclasses

import numpy as np

from keras_infovae.evaluation.labels import check_labels
from keras_infovae.evaluation.plots import style
from keras_infovae.utils.checks import argument_error

_MOST_CLASSES = 20
OTHERS = "others"


@dataclasses.dataclass(frozen=True)
class Classes:
    """A class index per example, and the name and color of each class."""

    index: np.ndarray
    names: list
    colors: list


def as_classes(labels, count):
    """Returns labels [count] as `Classes`, or None when they are numbers for a color bar.

    No labels are one class without a name. Up to 20 different ones are classes. Of more, numbers
    are a scale, and of names the 19 most frequent are classes and the rest "others".

    Raises:
        ValueError, TypeError: unless there is one label per example, all numbers or all strings.
    """
    if labels is None:
        return Classes(np.zeros(count, int), [""], [style.MODEL])
    labels = np.asarray(labels)
    if labels.shape == (count, 1):
        labels = labels[:, 0]
    labels = check_labels(labels, count)
    different, index, counts = np.unique(labels, return_inverse=True, return_counts=True)
    names = [str(name) for name in different]
    if len(names) <= _MOST_CLASSES:
        return Classes(index, names, _colors(len(names)))
    if labels.dtype.kind in "biuf":
        return None
    frequent = np.sort(np.argsort(-counts, kind="stable")[: _MOST_CLASSES - 1])
    rank = np.full(len(names), len(frequent))
    rank[frequent] = np.arange(len(frequent))
    colors = [*_colors(len(frequent)), style.DATA]
    return Classes(rank[index], [names[i] for i in frequent] + [OTHERS], colors)


def check_class_names(class_names, model):
    """Returns a name for each class that the condition of `model` is one of; [] without classes.

    Raises:
        ValueError: for names of another number of classes.
    """
    count = model.condition.num_classes or 0
    if class_names is None:
        return list(map(str, range(count)))
    if len(class_names) != count:
        raise argument_error("class_names", f"{count} names or None", f"{len(class_names)} names")
    return list(map(str, class_names))


def _colors(count):
    if count <= len(style.CLASSES):
        return list(style.CLASSES[:count])
    import matplotlib

    return [matplotlib.colormaps["tab20"](i) for i in range(count)]
