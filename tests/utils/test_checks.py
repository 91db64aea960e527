"""Argument checks: what they let through, and every message that they give."""

import fractions
import math

import numpy as np
import pytest

from keras_infovae.utils.checks import (
    argument_error,
    check_choice,
    check_integer,
    check_number,
    check_numbers,
)

CHOICES = ("mmd", "kl", "sliced_wasserstein")

# Check, arguments after the name, error, message.
ERRORS = [
    (check_number, ("1",), {}, TypeError, "a number. Received: alpha='1'"),
    (check_number, (None,), {}, TypeError, "a number. Received: alpha=None"),
    (check_number, (True,), {}, TypeError, "a number. Received: alpha=True"),
    (check_number, (1j,), {}, TypeError, "a number. Received: alpha=1j"),
    (check_number, (math.nan,), {}, ValueError, "finite. Received: alpha=nan"),
    (check_number, (-math.inf,), {}, ValueError, "finite. Received: alpha=-inf"),
    (check_number, (10**400,), {}, ValueError, f"finite. Received: alpha={10**400}"),
    (check_number, (-1,), {"minimum": 0}, ValueError, "at least 0. Received: alpha=-1.0"),
    (check_number, (1.5,), {"maximum": 1}, ValueError, "at most 1. Received: alpha=1.5"),
    (
        check_number,
        (0,),
        {"exclusive_minimum": 0},
        ValueError,
        "greater than 0. Received: alpha=0.0",
    ),
    (check_integer, (2.0,), {}, TypeError, "an integer of at least 1. Received: alpha=2.0"),
    (check_integer, (True,), {}, TypeError, "an integer of at least 1. Received: alpha=True"),
    (check_integer, (0,), {}, ValueError, "an integer of at least 1. Received: alpha=0"),
    (
        check_integer,
        (-1,),
        {"minimum": 0},
        ValueError,
        "an integer of at least 0. Received: alpha=-1",
    ),
    (
        check_choice,
        ("mdm", CHOICES),
        {},
        ValueError,
        "one of 'kl', 'mmd', 'sliced_wasserstein'. Received: alpha='mdm'. Did you mean 'mmd'?",
    ),
    (
        check_choice,
        ("MMD", CHOICES),
        {},
        ValueError,
        "one of 'kl', 'mmd', 'sliced_wasserstein'. Received: alpha='MMD'. Did you mean 'mmd'?",
    ),
    (
        check_choice,
        ("Wasserstein", CHOICES),  # a word of a name
        {},
        ValueError,
        "one of 'kl', 'mmd', 'sliced_wasserstein'. Received: alpha='Wasserstein'. Did you mean "
        "'sliced_wasserstein'?",
    ),
    (
        check_choice,
        (3, CHOICES),
        {},
        ValueError,
        "one of 'kl', 'mmd', 'sliced_wasserstein'. Received: alpha=3.",
    ),
    (check_choice, (["kl"], ["kl"]), {}, ValueError, "one of 'kl'. Received: alpha=['kl']."),
    (check_numbers, ("12",), {}, TypeError, "a sequence of numbers. Received: alpha='12'"),
    (check_numbers, (1.0,), {}, TypeError, "a sequence of numbers. Received: alpha=1.0"),
    (check_numbers, ({1: 2},), {}, TypeError, "a sequence of numbers. Received: alpha={1: 2}"),
    (
        check_numbers,
        (np.array(1.0),),
        {},
        TypeError,
        "a sequence of numbers. Received: alpha=array(1.)",
    ),
    (
        check_numbers,
        ([],),
        {},
        ValueError,
        "a sequence of at least one number. Received: alpha=[]",
    ),
]


@pytest.mark.parametrize(("check", "arguments", "keywords", "error", "message"), ERRORS)
def test_error_names_the_argument_the_rule_and_what_was_received(
    check, arguments, keywords, error, message
):
    with pytest.raises(error) as caught:
        check("alpha", *arguments, **keywords)
    assert caught.type is error
    received = str(caught.value)
    assert received == f"Argument `alpha` must be {message}"


def test_error_within_a_sequence_names_the_element():
    with pytest.raises(TypeError) as caught:
        check_numbers("scales", [1.0, "2"])
    assert str(caught.value) == "Argument `scales[1]` must be a number. Received: scales[1]='2'"
    with pytest.raises(ValueError) as caught:
        check_numbers("scales", [1.0, 0.0], exclusive_minimum=0)
    assert str(caught.value) == (
        "Argument `scales[1]` must be greater than 0. Received: scales[1]=0.0"
    )


def test_argument_error_is_returned_not_raised():
    error = argument_error("x", "even", 3, TypeError)
    assert type(error) is TypeError
    assert str(error) == "Argument `x` must be even. Received: x=3"


@pytest.mark.parametrize(
    "value", [2, 2.0, np.float32(2), np.float64(2), np.int64(2), fractions.Fraction(2)]
)
def test_number_of_any_type_comes_back_as_a_float(value):
    checked = check_number("x", value)
    assert type(checked) is float
    assert checked == 2.0


def test_bounds_are_within_the_range_but_for_the_exclusive_one():
    assert check_number("x", 0, minimum=0, maximum=1) == 0.0
    assert check_number("x", 1, minimum=0, maximum=1) == 1.0
    assert check_number("x", 1e-30, exclusive_minimum=0) == 1e-30


@pytest.mark.parametrize("value", [3, np.int32(3), np.uint8(3)])
def test_integer_of_any_type_comes_back_as_an_int(value):
    checked = check_integer("x", value)
    assert type(checked) is int
    assert checked == 3


def test_choice_comes_back():
    assert all(check_choice("x", choice, CHOICES) == choice for choice in CHOICES)
    assert check_choice("x", "kl", {"kl": object, "mmd": object}) == "kl"


@pytest.mark.parametrize(
    "values", [[1, 2], (1, 2), np.array([1, 2]), range(1, 3), (value for value in (1.0, 2.0))]
)
def test_numbers_come_back_as_a_list_of_floats(values):
    checked = check_numbers("x", values)
    assert checked == [1.0, 2.0]
    assert all(type(value) is float for value in checked)
