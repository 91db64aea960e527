"""Folders whose files are the parts of one array or table."""

import os

from keras_infovae.datasets.reading import some


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
