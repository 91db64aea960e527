"""What a hyperparameter is chosen from: one value, a list, or a range."""

import math

from keras_infovae.utils.checks import argument_error, check_integer, check_number

_INTEGERS = {"latent_dim": 1, "batch_size": 2}  # and their minimum
_RANGES = ("latent_dim", "batch_size", "learning_rate", "beta", "alpha")
_LOGARITHMIC = ("learning_rate", "beta")
_NUMBERS = ("alpha", "beta", "learning_rate")


def check(name, value):
    """Returns `value` as a list of choices, or as the tuple (low, high) of a range."""
    if isinstance(value, tuple):
        if name not in _RANGES or len(value) != 2:
            raise argument_error(name, "a value or a list" + _range_words(name), value)
        low, high = (_check_one(name, item) for item in value)
        if low >= high:
            raise argument_error(name, "a range (low, high) with low below high", value)
        return low, high
    values = value if isinstance(value, list) else [value]
    if not values:
        raise argument_error(name, "a list of at least one value", value)
    return list(dict.fromkeys(_check_one(name, item) for item in values))


def parse(name, text):
    """Returns what `text` says: one value, a list "8,16", or a range "0.0001..0.01".

    Raises:
        ValueError: where it says none of these.
    """
    low, dots, high = text.partition("..")
    if dots:
        return _parse_one(name, low), _parse_one(name, high)
    values = [_parse_one(name, item.strip()) for item in text.split(",")]
    return values if len(values) > 1 else values[0]


def _parse_one(name, text):
    if name not in (*_INTEGERS, *_NUMBERS, "lambda_") or (name == "lambda_" and text == "auto"):
        return text
    kind, word = (int, "an integer") if name in _INTEGERS else (float, "a number")
    try:
        return kind(text)
    except ValueError:
        raise argument_error(name, word, text) from None


def declare(hp, name, choices):
    """Returns the value that `hp` chooses for the hyperparameter `name`."""
    if isinstance(choices, tuple):
        low, high = choices
        if name in _INTEGERS:
            return hp.Int(name, low, high, default=(low + high) // 2)
        if name in _LOGARITHMIC:
            return hp.Float(name, low, high, sampling="log", default=math.sqrt(low * high))
        return hp.Float(name, low, high, default=(low + high) / 2)
    if name == "lambda_":  # numbers and a word: KerasTuner takes one type
        chosen = hp.Choice(name, [str(item) for item in choices])
        return chosen if chosen == "auto" else float(chosen)
    return hp.Choice(name, choices)


def sizes(name, text):
    """Returns the list of integers in text such as "256-128"."""
    parts = text.split("-")
    if not all(part.isdecimal() for part in parts):
        raise argument_error(name, "integers as text, such as '256-128'", text)
    return [int(part) for part in parts]


def _check_one(name, value):
    if name in _INTEGERS:
        return check_integer(name, value, _INTEGERS[name])
    if name in _NUMBERS or (name == "lambda_" and value != "auto"):
        bounds = {"maximum": 1} if name == "alpha" else {"exclusive_minimum": 0}
        return check_number(name, value, **bounds)
    if not isinstance(value, str):
        raise argument_error(name, "a name or text", value, TypeError)
    return value


def _range_words(name):
    return " or a range (low, high)" if name in _RANGES else ""
