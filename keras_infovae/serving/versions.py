"""Versions of a model: numbers, and the folders that servers take for them."""

import os

from keras_infovae.utils.checks import argument_error, check_integer

LARGEST = 2**63 - 1  # what int64 of the servers' messages holds


def check_version(name, value):
    """Returns `value`, which must be an integer from 1 to 2**63 - 1."""
    value = check_integer(name, value)
    if value > LARGEST:
        raise argument_error(name, f"at most {LARGEST}", value)
    return value


def versions_in(directory):
    """Returns {version: the name of its folder}: servers take "001" for version 1."""
    if not os.path.isdir(directory):
        return {}
    with os.scandir(directory) as entries:
        return {
            int(entry.name): entry.name
            for entry in sorted(entries, key=lambda entry: entry.name)
            if entry.name.isascii()
            and entry.name.isdigit()
            and int(entry.name) <= LARGEST
            and entry.is_dir()
        }
