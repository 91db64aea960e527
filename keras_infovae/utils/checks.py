"""Argument checks, written once so that every error reads alike.

Each function returns the checked value, or raises an error that names the argument, says what is
allowed and shows what was received: "Argument `alpha` must be at most 1. Received: alpha=1.5".
"""

import difflib
import math
import numbers


def argument_error(name, expectation, value, error=ValueError):
    """Returns (does not raise) the error of an argument that is not as expected."""
    return error(f"Argument `{name}` must be {expectation}. Received: {name}={value!r}")


def check_boolean(name, value):
    """Returns `value`, which must be True or False."""
    if not isinstance(value, bool):
        raise argument_error(name, "True or False", value, TypeError)
    return value


def check_number(name, value, minimum=None, maximum=None, exclusive_minimum=None):
    """Returns `value` as a float; it must be a finite real number within the bounds given."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise argument_error(name, "a number", value, TypeError)
    try:
        value = float(value)
    except OverflowError:  # an int or Fraction beyond the largest float
        raise argument_error(name, "finite", value) from None
    if not math.isfinite(value):
        raise argument_error(name, "finite", value)
    if minimum is not None and value < minimum:
        raise argument_error(name, f"at least {minimum:g}", value)
    if maximum is not None and value > maximum:
        raise argument_error(name, f"at most {maximum:g}", value)
    if exclusive_minimum is not None and value <= exclusive_minimum:
        raise argument_error(name, f"greater than {exclusive_minimum:g}", value)
    return value


def check_integer(name, value, minimum=1):
    """Returns `value` as an int; it must be an integer (not a bool, not 2.0) >= `minimum`."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise argument_error(name, f"an integer of at least {minimum}", value, TypeError)
    if value < minimum:
        raise argument_error(name, f"an integer of at least {minimum}", value)
    return int(value)


def check_choice(name, value, choices):
    """Returns `value`, which must be one of the strings in `choices`; suggests the nearest one."""
    choices = sorted(choices)
    if isinstance(value, str) and value in choices:
        return value
    known = ", ".join(repr(choice) for choice in choices)
    folded = {choice.casefold(): choice for choice in choices}
    given = str(value).casefold()
    near = difflib.get_close_matches(given, folded, n=1)
    near = near or [choice for choice in folded if given in choice.split("_")]  # one of its words
    hint = f" Did you mean {folded[near[0]]!r}?" if near else ""
    raise ValueError(f"Argument `{name}` must be one of {known}. Received: {name}={value!r}.{hint}")


def check_activation(name, value):
    """Returns `value`, which must be the name of a Keras activation, or one itself."""
    import keras

    try:
        keras.activations.get(value)
    except (ValueError, TypeError) as error:
        raise argument_error(name, "the name of a Keras activation", value) from error
    return value


def check_numbers(name, values, exclusive_minimum=None):
    """Returns `values`, a non-empty sequence of numbers, as a list of floats."""
    return [
        check_number(f"{name}[{i}]", value, exclusive_minimum=exclusive_minimum)
        for i, value in enumerate(_check_sequence(name, values, "number"))
    ]


def check_integers(name, values, minimum=1):
    """Returns `values`, a non-empty sequence of integers >= `minimum`, as a list of ints."""
    return [
        check_integer(f"{name}[{i}]", value, minimum)
        for i, value in enumerate(_check_sequence(name, values, "integer"))
    ]


def _check_sequence(name, values, kind):
    """Returns `values`, a non-empty sequence, as a list."""
    if isinstance(values, (str, bytes, dict)):
        raise argument_error(name, f"a sequence of {kind}s", values, TypeError)
    try:
        values = list(values)
    except TypeError:  # not iterable, or (an array without axes) only by name
        raise argument_error(name, f"a sequence of {kind}s", values, TypeError) from None
    if not values:
        raise argument_error(name, f"a sequence of at least one {kind}", values)
    return values
