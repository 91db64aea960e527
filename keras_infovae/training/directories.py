"""Directories of a run, made and removed without traces of what failed."""

import os


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
