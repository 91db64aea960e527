"""A file that a command writes for the user."""

import os

from keras_infovae.cli.errors import CommandLineError


def check_output_file(path, suffixes, overwrite):
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
