"""What the readers of files share: errors that name the file, and imports at first use."""

import contextlib
import importlib
import os
import stat
import warnings

_KINDS = {
    stat.S_ISDIR: "a folder",
    stat.S_ISFIFO: "a named pipe",
    stat.S_ISSOCK: "a socket",
    stat.S_ISCHR: "a device",
    stat.S_ISBLK: "a device",
}


class DataWarning(UserWarning):
    """Something of a source was passed over, or may be read otherwise than it was meant."""


def source_error(source, expectation, found=""):
    """Returns (does not raise) a ValueError about what is in `source`.

    Args:
        source: what the user gave, or the path of the one file of it that is at fault.
        expectation: what it must be or have, a phrase that follows "must".
        found: what was found instead.
    """
    found = f" ({found})" if found else ""
    source = os.fspath(source) if isinstance(source, os.PathLike) else source
    error = ValueError(f"Argument `source` must {expectation}. Received: source={source!r}{found}")
    error.names_source = True  # for `reading`; TensorFlow passes on no class but ValueError itself
    return error


def check_regular(path):
    """Raises ValueError unless `path`, links followed, is a regular file.

    Raises:
        FileNotFoundError: when there is nothing, or a link that leads to nothing.
    """
    try:
        mode = os.stat(path).st_mode
    except (FileNotFoundError, PermissionError):
        raise
    except OSError as error:  # a link to itself, a name that is too long
        raise source_error(path, "be a file that can be opened", error.strerror) from error
    if not stat.S_ISREG(mode):
        found = next((kind for is_kind, kind in _KINDS.items() if is_kind(mode)), "something else")
        raise source_error(path, "be a regular file", f"it is {found}")


def say(passed_over, found):
    """Returns the sentences on a source as notes; warns of those on what was passed over."""
    for sentence in passed_over:
        warnings.warn(sentence, DataWarning, stacklevel=3)
    return (*found, *passed_over)


@contextlib.contextmanager
def reading(path, kind):
    """Turns whatever a library raises on a damaged file into a ValueError that names the file.

    Errors about the file's place or permissions (`FileNotFoundError`, `PermissionError`) and
    missing libraries (`ImportError`) pass unchanged. What is no regular file is not opened at all:
    a named pipe would wait for a writer for ever, and a device need not end.

    Args:
        path: the file that the block reads.
        kind: what it is meant to be, such as "an idx file".
    """
    check_regular(path)
    try:
        yield
    except MemoryError as error:
        raise source_error(path, "fit in memory", str(error)) from error
    except (FileNotFoundError, PermissionError, ImportError):
        raise
    except Exception as error:  # each library has errors of its own, and those of its parts
        if getattr(error, "names_source", False):
            raise
        found = f"{type(error).__name__}: {str(error).strip() or 'no more is known'}"
        if isinstance(error, UnicodeError):
            found += "; text must be in UTF-8"
        raise source_error(path, f"be {kind} that is whole and readable", found) from error


@contextlib.contextmanager
def naming(source):
    """Adds what the user gave to a ValueError of the block that tells the argument alone."""
    try:
        yield
    except ValueError as error:
        if getattr(error, "names_source", False):
            raise
        raise ValueError(f"{error}, of source={os.fspath(source)!r}") from None


def some(names, form=repr, most=8):
    """Returns the first of many names, for an error.

    >>> some("abc", most=2)
    "'a', 'b' and 1 more"
    """
    names = list(names)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(form, names[:most])) + more


def import_optional(module, package, purpose):
    """Returns the imported `module`, or raises an ImportError that says how to get it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(f"{purpose} needs {package}: pip install {package}") from error
