"""Where a command writes."""

import os

from keras_infovae.cli.errors import CommandLineError


def check_file(path, suffixes, overwrite):
    """Raises CommandLineError unless a file may be written at `path`; nothing is changed.

    Args:
        path: what --output was given.
        suffixes: what its name may end in.
        overwrite: whether it may be there already.
    """
    problem = None
    if not path.lower().endswith(tuple(suffixes)):
        problem = f"a name that ends in {' or '.join(suffixes)}"
    elif os.path.isdir(path):
        problem = "a file, not a folder"
    elif not os.path.isdir(os.path.dirname(path) or "."):
        problem = "in a folder that exists"
    elif os.path.lexists(path) and not overwrite:
        problem = "a new file, or --overwrite be set"
    if problem is not None:
        raise CommandLineError(f"Argument `--output` must be {problem}. Received: --output={path}")


def check_directory(path):
    """Raises CommandLineError unless `path` is a directory or can become one; nothing is changed.

    Args:
        path: what --output was given.
    """
    at = os.path.abspath(path)
    while not os.path.lexists(at):
        at = os.path.dirname(at)
    if not os.path.isdir(at):
        what = "a file" if os.path.exists(at) else "a link to nothing"
        raise CommandLineError(
            "Argument `--output` must be a directory, or one that can be made. "
            f"Received: --output={path}, where {os.path.relpath(at)} is {what}"
        )
