"""The raw forms of data that models take: which preprocessor is for which."""

import os

from keras_infovae.preprocessors import Images, Preprocessor
from keras_infovae.tables import Schema
from keras_infovae.utils.checks import argument_error

_PREPROCESSORS = (Schema, Images)


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


def check_preprocessor(preprocessor):
    """Returns `preprocessor`, which must be a `Preprocessor` or None."""
    if preprocessor is not None and not isinstance(preprocessor, Preprocessor):
        expected = "a Preprocessor (tables.Schema, preprocessors.Images) or None"
        raise argument_error("preprocessor", expected, type(preprocessor), TypeError)
    return preprocessor
