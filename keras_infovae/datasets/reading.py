"""What the readers of files share: errors that name the file, and imports at first use."""

import contextlib
import importlib
import os
import zipfile
import zlib

_CORRUPTION = (
    ArithmeticError,
    EOFError,
    LookupError,
    NotImplementedError,  # an unknown compression in a zip file
    OSError,
    RuntimeError,  # an encrypted zip file
    SyntaxError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)


def source_error(source, expectation, found=""):
    """Returns (does not raise) a ValueError about what is in `source`.

    Args:
        source: what the user gave, or the path of the one file of it that is at fault.
        expectation: what it must be or have, a phrase that follows "must".
        found: what was found instead.
    """
    found = f" ({found})" if found else ""
    source = os.fspath(source) if isinstance(source, os.PathLike) else source
    return ValueError(f"Argument `source` must {expectation}. Received: source={source!r}{found}")


@contextlib.contextmanager
def reading(path, kind):
    """Turns whatever a library raises on a damaged file into a ValueError that names the file.

    Errors about the file's place or permissions (`FileNotFoundError`, `PermissionError`) and
    missing libraries (`ImportError`) pass unchanged.

    Args:
        path: the file that the block reads.
        kind: what it is meant to be, such as "an idx file".
    """
    try:
        yield
    except (FileNotFoundError, PermissionError, ImportError):
        raise
    except _CORRUPTION as error:
        found = f"{type(error).__name__}: {str(error).strip() or 'no more is known'}"
        raise source_error(path, f"be {kind} that is whole and readable", found) from error


def import_optional(module, package, purpose):
    """Returns the imported `module`, or raises an ImportError that says how to get it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(f"{purpose} needs {package}: pip install {package}") from error
