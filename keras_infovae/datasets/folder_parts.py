"""Folders whose files are the parts of one array or table."""

import os

from keras_infovae.datasets.reading import some
from keras_infovae.utils.checks import argument_error


def files_of(source, suffixes):
    """Returns (paths of files, sentences on what was passed over) of what `stream` is given.

    Args:
        source: a path, or a list of paths. A folder of parts stands for these, by name; what is
            none is a path itself.
        suffixes: of parts, a tuple of endings in lower case.

    Raises:
        TypeError, FileNotFoundError: for what is no path, and for one that leads to nothing.
    """
    paths = source if isinstance(source, (list, tuple)) else [source]
    if not paths or not all(isinstance(path, (str, os.PathLike)) for path in paths):
        raise argument_error("source", "a path or a list of paths", source, TypeError)
    files, passed_over = [], []
    for path in (os.path.expanduser(os.fspath(path)) for path in paths):
        if not os.path.exists(path):
            raise FileNotFoundError(
                f"Argument `source` must be a path that exists. Received: source={path!r}"
            )
        found = parts(path, suffixes)
        files += found or [path]
        passed_over += [others(path, suffixes)] if found else []
    return files, [sentence for sentence in passed_over if sentence]


def parts(folder, suffixes):
    """Returns the paths of a folder's files whose names end so, sorted by name.

    Hidden files and those that begin with "_", as other programs mark what is no part, are none.

    Args:
        folder: a path. What is no folder has no parts.
        suffixes: a tuple of endings in lower case.
    """
    return [os.path.join(folder, name) for name in _names(folder) if _is_part(name, suffixes)]


def others(folder, suffixes):
    """Returns a sentence on the files beside the `parts` of a folder, or nothing."""
    names = [name for name in _names(folder) if not _is_part(name, suffixes)]
    names = [name for name in names if not name.startswith((".", "_"))]
    if not names:
        return ""
    return f"{os.path.basename(os.path.abspath(folder))}: passed over beside its parts: " + some(
        names
    )


def _names(folder):
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def _is_part(name, suffixes):
    return name.lower().endswith(suffixes) and not name.startswith((".", "_"))
