"""Files that are whole or absent: written under a temporary name, then renamed."""

import contextlib
import json
import os
import shutil
import tempfile


@contextlib.contextmanager
def atomic_path(path):
    """Gives a temporary sibling of `path`; renames it to `path` when the block ends well.

    When the block raises, the temporary file is removed and what stood at `path` is untouched.
    The suffix is kept, because some writers (`model.save`, `np.savez`) choose a format by it.

    Example:

    >>> with atomic_path("metrics.json") as temporary:  # doctest: +SKIP
    ...     pathlib.Path(temporary).write_text("{}")
    """
    path = os.fspath(path)
    directory, name = os.path.split(path)
    handle, temporary = tempfile.mkstemp(
        prefix=f".{name}.", suffix=os.path.splitext(name)[1], dir=directory or "."
    )
    os.close(handle)
    try:
        yield temporary
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.remove(temporary)
        raise


@contextlib.contextmanager
def atomic_directory(path, overwrite=False):
    """Gives a temporary sibling directory of `path`; renames it to `path` when the block ends well.

    Raises:
        FileExistsError: when `path` exists and `overwrite` is false.
    """
    path = os.path.abspath(os.fspath(path))
    if os.path.exists(path) and not overwrite:
        raise FileExistsError(f"{path} exists already")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    temporary = tempfile.mkdtemp(prefix=f".{os.path.basename(path)}.", dir=os.path.dirname(path))
    try:
        yield temporary
        os.chmod(temporary, 0o777 & ~_umask())
        if os.path.exists(path):
            shutil.rmtree(path)
        os.replace(temporary, path)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def write_json(path, value):
    """Writes `value` to `path` as indented, strict JSON (NaN is refused)."""
    text = json.dumps(value, indent=2, allow_nan=False) + "\n"
    with atomic_path(path) as temporary, open(temporary, "w", encoding="utf-8") as file:
        file.write(text)


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask
