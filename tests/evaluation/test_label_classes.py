"""Labels of any kind become the numbers of classes, or are refused."""

import json

import numpy as np
import pytest

from keras_infovae.datasets import Dataset
from keras_infovae.evaluation.label_classes import class_indices, classes_of, shown

X = np.zeros((6, 2), "float32")


def make_data(labels):
    parts = slice(0, 4), slice(4, 4), slice(4, 6)
    labels = [None if labels is None else np.asarray(labels)[rows] for rows in parts]
    return Dataset("made", *(X[rows] for rows in parts), *labels)


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        ([3, 1, 3, 1, 3, 1], [1, 3]),
        (list("babaab"), ["a", "b"]),
        ([2.0, 1.0, 2.0, 1.0, 2.0, 1.0], [1, 2]),
        (np.array(list("babaab"), dtype=object), ["a", "b"]),
        (np.array([3, 1, 3, 1, 3, 1], dtype=object), [1, 3]),
        ([True, False] * 3, [False, True]),
    ],
    ids=str,
)
def test_classes_are_the_labels_in_their_order(labels, classes):
    data = make_data(labels)
    found = json.loads(json.dumps(classes_of(data)))
    assert found == classes and [type(c) for c in found] == [type(c) for c in classes]
    assert [classes[i] for i in class_indices(data.train_labels, classes)] == list(labels[:4])


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (None, "one label per example, .* `label_column` names the column"),
        ([[0, 1]] * 6, "one label per example"),
        ([0.5, 1.0, 0.5, 1.0, 0.5, 1.0], "numbers on a scale, such as 0.5"),
        ([0.0, 1.0, np.inf, 1.0, 0.0, 1.0], "numbers on a scale, such as inf"),
        ([0.0, 1.0, np.nan, 1.0, 0.0, 1.0], "numbers on a scale, such as nan"),
        (np.array(["a", None, "b", None, "a", "b"]), "each example. Received: None as 2 of 4"),
        (np.array(["a", 1, "b", 1, "a", "b"], dtype=object), "all integers or all text"),
        (np.array([b"a", b"b"] * 3), "dtype .S1"),
        ([1] * 6, "at least two classes"),
        ([0, 1, 0, 1, 8, 7], "merge or remove .* 2 of 4 classes without, such as 7"),
    ],
    ids=str,
)
def test_labels_that_are_no_classes_are_named(labels, words):
    with pytest.raises(ValueError, match=f"`data` must have .*{words}"):
        classes_of(make_data(labels))


def test_other_labels_are_counted():
    words = r"`x` must .*trained on: 1, 3. Received: 2 \(unknown labels: 3 of 4\)"
    with pytest.raises(ValueError, match=words):
        class_indices([1, 2, 2, 4], [1, 3], "x")
    with pytest.raises(
        ValueError, match=r"trained on: a, b. Received: 1 \(unknown labels: 2 of 2\)"
    ):
        class_indices([1, 2], ["a", "b"])
    assert shown(list(range(14))) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 2 more"
