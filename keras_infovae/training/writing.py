"""Files of a run: whole or absent, and named by the error when they cannot be written."""

import contextlib
import os

from keras_infovae.utils.files import atomic_path


@contextlib.contextmanager
def whole_file(path):
    """Gives a temporary name as `atomic_path` does; an error of the system names `path`.

    Raises:
        OSError: with `path` as its `filename`, such as when there is no space left.
    """
    try:
        with atomic_path(path) as temporary:
            yield temporary
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), path) from error


def make_directories(path):
    """Makes the directory `path` with its parents; returns those that were made, outermost first.

    Raises:
        OSError: when one cannot be made; then none is left.
    """
    missing, at = [], os.path.abspath(path)
    while not os.path.lexists(at):
        missing.insert(0, at)
        at = os.path.dirname(at)
    try:
        os.makedirs(path, exist_ok=True)
    except OSError:
        remove(made for made in missing[::-1] if os.path.isdir(made))
        raise
    return missing


def remove(paths):
    """Removes files, and directories that are empty when their turn comes."""
    for path in paths:
        (os.rmdir if os.path.isdir(path) else os.remove)(path)
