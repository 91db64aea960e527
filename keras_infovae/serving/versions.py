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
    """Returns {version: the name of its folder}; {} where there is no such directory."""
    if not os.path.isdir(directory):
        return {}
    return {
        number: name for number, name in numbered_folders(directory).items() if number <= LARGEST
    }


def numbered_folders(directory):
    """Returns {number: name} of the folders whose names are all digits; "001" is number 1.

    What cannot be looked at, such as a link to itself, is no folder.

    Raises:
        OSError: for a directory that cannot be read.
    """
    with os.scandir(directory) as entries:
        return {
            int(entry.name): entry.name
            for entry in sorted(entries, key=lambda entry: entry.name)
            if entry.name.isascii() and entry.name.isdigit() and _is_folder(entry)
        }


def _is_folder(entry):
    try:
        return entry.is_dir()
    except OSError:
        return False
