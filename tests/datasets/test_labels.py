"""Labels of every form become one per example, or are refused before anything is done."""

import numpy as np
import pytest

from keras_infovae.datasets import load
from keras_infovae.datasets.labels import is_one_hot, one_per_example

CLASSES = np.array([2, 0, 1, 1, 0, 2])


def error(expectation, found):
    return ValueError(f"must {expectation}: {found}")


@pytest.mark.parametrize("dtype", ["int64", "uint8", "float32", "bool"])
def test_one_hot_labels_are_classes(dtype):
    found = one_per_example(np.eye(3)[CLASSES].astype(dtype), 6, error)
    np.testing.assert_array_equal(found, CLASSES)
    assert found.dtype == np.int64


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.arange(12).reshape(6, 2), r"one-hot rows.*shape \(6, 2\) that are not one-hot"),
        (np.zeros((6, 3)), "not one-hot"),
        (np.ones((6, 3)), "not one-hot"),
        (np.full((6, 3), 1 / 3), "not one-hot"),
        (np.full((6, 2), "a"), "not one-hot"),
        (np.zeros((6, 2, 2)), "not one-hot"),
        (np.zeros(()), "one label per example"),
        (np.zeros(5), r"6 examples, labels of \(5,\)"),
        (np.zeros(6, "c8"), "numbers or strings.*complex64"),
        (np.zeros(6, "M8[s]"), "numbers or strings.*datetime64"),
        (np.array([b"\xff"] * 6), "UTF-8"),
        (np.array([1.0, 2.0, np.nan, 1.0, 1.0, 1.0]), "`labels` must be finite"),
    ],
)
def test_labels_that_cannot_be_used(labels, message):
    with pytest.raises(ValueError, match=message):
        one_per_example(labels, 6, error)


def test_zeros_without_rows_are_not_one_hot():
    assert not is_one_hot(np.zeros((0, 3))) and not is_one_hot(np.zeros(3))


def test_a_file_says_which_labels_are_wrong(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.ones((6, 2)), y=np.arange(12).reshape(6, 2))
    with pytest.raises(ValueError, match=r"one label per example.*`y` .*another name.*a\.npz"):
        load(tmp_path / "a.npz")
    splits = {"x_train": np.ones((6, 2)), "x_test": np.ones((6, 2)), "y_train": CLASSES}
    np.savez(tmp_path / "a.npz", **splits, y_test=CLASSES.astype(str))
    with pytest.raises(ValueError, match="one kind of label in train and test"):
        load(tmp_path / "a.npz")
