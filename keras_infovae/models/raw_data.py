"""The raw forms of data that models take: which preprocessor is for which."""

import os

from keras_infovae.conditions import Columns
from keras_infovae.preprocessors import Images, Preprocessor
from keras_infovae.tables import Schema
from keras_infovae.text import Text
from keras_infovae.utils.checks import argument_error

_PREPROCESSORS = (Schema, Text, Images)


def preprocessor_of(data):
    """Returns the class of preprocessors that takes `data`, or None for x as networks see it."""
    return next((member for member in _PREPROCESSORS if member.accepts(data)), None)


def opened(data):
    """Returns the raw data in a file, for a path to such; anything else as it is."""
    if isinstance(data, (str, os.PathLike)):
        for member in _PREPROCESSORS:
            if member.reads(data):
                return member.read(data)
    return data


def condition_beside(preprocessor, condition):
    """Returns the `Condition` of a model that is given a preprocessor (or None) and a condition.

    Raises:
        ValueError, TypeError: for what is no preprocessor, and for parts of raw data that are the
            condition by the one and not by the other.
    """
    names = [] if check_preprocessor(preprocessor) is None else list(preprocessor.condition_names)
    asked = list(condition.names)
    if preprocessor is None or not (names or asked):
        return condition
    if (asked or condition.size) and asked != names:
        raise argument_error("condition", f"{names}, as the preprocessor has it", condition)
    return Columns(names, preprocessor.condition_size)


def check_preprocessor(preprocessor):
    """Returns `preprocessor`, which must be a `Preprocessor` or None."""
    if preprocessor is not None and not isinstance(preprocessor, Preprocessor):
        expected = "a Preprocessor (tables.Schema, text.Text, preprocessors.Images) or None"
        raise argument_error("preprocessor", expected, type(preprocessor), TypeError)
    return preprocessor
