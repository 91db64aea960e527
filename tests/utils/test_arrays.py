"""`check_finite`: silent on numbers, exact about anything else."""

import numpy as np
import pytest

from keras_infovae.utils import arrays
from keras_infovae.utils.arrays import check_finite


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((2, 3)),
        np.zeros((0, 3)),
        np.float32(1.0),
        np.array([True, False]),
        np.array([2**62], "int64"),
        np.full((4, 4), np.finfo("float32").max, "float32"),  # finite, though its sum is not
        np.full(100, 60000.0, "float16"),
        [[1.0, 2.0]],
    ],
    ids=lambda array: f"{np.asarray(array).dtype}{np.shape(array)}",
)
def test_finite_numbers_pass(array):
    assert check_finite("x", array) is None


def _with(shape, dtype="float32", **values):
    array = np.ones(shape, dtype)
    for value, positions in values.items():
        for position in positions:
            array[position] = float(value.replace("minus_", "-"))
    return array


@pytest.mark.parametrize(
    ("array", "found"),
    [
        (_with((20, 5), nan=[(17, 4), (18, 0), (19, 1)], inf=[(19, 0)]), (3, 1, "(17, 4)")),
        (_with((3, 2, 2), inf=[(0, 1, 0)], minus_inf=[(2, 0, 0)]), (0, 2, "(0, 1, 0)")),
        (_with((4,), "float16", nan=[(3,)]), (1, 0, "(3,)")),
        (np.float64("nan"), (1, 0, "()")),
        (np.array([1.0, complex(0, np.inf)]), (0, 1, "(1,)")),
        (_with((4, 6), nan=[(1, 5), (2, 0)])[:, ::-1].T, (2, 0, "(0, 1)")),
    ],
)
@pytest.mark.parametrize("chunk", [1, 7, 2**22])
def test_counts_and_first_index(array, found, chunk, monkeypatch):
    monkeypatch.setattr(arrays, "_CHUNK", chunk)
    nan, inf, first = found
    with pytest.raises(ValueError) as error:
        check_finite("x", array)
    assert str(error.value) == (
        f"Argument `x` must be finite. Received: {nan} NaN and {inf} Inf values, "
        f"the first at index {first}"
    )


@pytest.mark.parametrize("array", [np.array(["a"]), np.array([None]), np.zeros(1, "f4,f4")])
def test_what_is_not_numbers_is_a_type_error(array):
    with pytest.raises(TypeError, match=r"Argument `x` must hold numbers\. Received: x of dtype"):
        check_finite("x", array)
