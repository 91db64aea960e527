"""What a hyperparameter is chosen from: one value, a list, or a range."""

import math
import numbers

from keras_infovae.utils.checks import argument_error


def check(name, parameter, value):
    """Returns `value` as a list of choices, or as the tuple (low, high) of a range.

    Args:
        name: the hyperparameter.
        parameter: its `Parameter`.
        value: a value, a list of values, or a range as a tuple.

    Raises:
        ValueError, TypeError: naming the hyperparameter.
    """
    if isinstance(value, tuple):
        if not parameter.has_ranges or len(value) != 2:
            range_words = " or a range (low, high)" if parameter.has_ranges else ""
            raise argument_error(name, f"a value or a list{range_words}", value)
        low, high = (parameter.check(name, item) for item in value)
        if isinstance(low, str) or isinstance(high, str):
            raise argument_error(name, "a range (low, high) of numbers", value)
        if low >= high:
            raise argument_error(name, "a range (low, high) with low below high", value)
        return low, high
    values = value if isinstance(value, list) else [value]
    if not values:
        raise argument_error(name, "a list of at least one value", value)
    for item in values:
        if not isinstance(item, (str, numbers.Real)):
            raise argument_error(name, "a number or a name", item, TypeError)
    return list(dict.fromkeys(parameter.check(name, item) for item in values))


def parse(name, parameter, text):
    """Returns what `text` says: one value, a list "8,16", or a range "0.0001..0.01".

    Raises:
        ValueError: where it says none of these.
    """
    low, dots, high = text.partition("..")
    if dots:
        return parameter.parse(name, low), parameter.parse(name, high)
    values = [parameter.parse(name, item.strip()) for item in text.split(",")]
    return values if len(values) > 1 else values[0]


def words(choices):
    """Returns choices as `parse` takes them."""
    if isinstance(choices, tuple):
        return "..".join(f"{end:g}" for end in choices)
    return ",".join(f"{item:g}" if isinstance(item, float) else str(item) for item in choices)


def declare(hp, name, parameter, choices):
    """Returns the value that `hp` chooses for the hyperparameter `name`."""
    if isinstance(choices, tuple):
        low, high = choices
        if isinstance(low, int):
            return hp.Int(name, low, high, default=(low + high) // 2)
        if parameter.logarithmic:
            return hp.Float(name, low, high, sampling="log", default=math.sqrt(low * high))
        return hp.Float(name, low, high, default=(low + high) / 2)
    if len({isinstance(item, str) for item in choices}) > 1:  # KerasTuner takes one type
        return parameter.parse(name, hp.Choice(name, [str(item) for item in choices]))
    return hp.Choice(name, choices)
