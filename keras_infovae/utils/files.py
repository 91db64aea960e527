"""Files that are whole or absent: written under a temporary name, then renamed."""

import contextlib
import json
import os
import secrets
import shutil
import stat


@contextlib.contextmanager
def atomic_path(path):
    """Gives a temporary sibling of `path`; renames it to `path` when the block ends well.

    When the block raises, the temporary file is removed and what stood at `path` is untouched.
    The temporary name ends in that of `path`, because some writers (`model.save_weights`,
    `np.savez`) choose a format by it.

    Example:

    >>> with atomic_path("metrics.json") as temporary:  # doctest: +SKIP
    ...     pathlib.Path(temporary).write_text("{}")
    """
    path = os.fspath(path)
    temporary = _temporary_sibling(path)
    # Made with the permissions of any new file: the system applies the umask, which a process can
    # only read by changing it for all of its threads.
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    mode = stat.S_IMODE(os.stat(temporary).st_mode)
    try:
        yield temporary
        os.chmod(temporary, mode)  # some writers replace the file by one that only its owner reads
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.remove(temporary)
        raise


@contextlib.contextmanager
def atomic_directory(path, overwrite=False):
    """Gives a temporary sibling directory of `path`; renames it to `path` when the block ends well.

    When the block raises, the temporary directory is removed and what stood at `path` is untouched.

    Raises:
        FileExistsError: when `path` exists and `overwrite` is false, or came to exist meanwhile.
        NotADirectoryError: when `path` is something other than a directory.
    """
    path = os.path.abspath(os.fspath(path))
    if os.path.lexists(path) and not overwrite:
        raise FileExistsError(f"{path} exists already")
    if os.path.lexists(path) and (os.path.islink(path) or not os.path.isdir(path)):
        raise NotADirectoryError(f"{path} is not a directory")
    with temporary_directory(path) as temporary:
        yield temporary
        if overwrite and os.path.lexists(path):
            _exchange(temporary, path)
        else:
            rename_to_new(temporary, path)


@contextlib.contextmanager
def temporary_directory(path):
    """Gives a new sibling directory of `path`, to be renamed; removes it when the block raises."""
    path = os.path.abspath(os.fspath(path))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    temporary = _temporary_sibling(path)
    os.mkdir(temporary)
    try:
        yield temporary
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


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


def write_json(path, value):
    """Writes `value` to `path` as indented, strict JSON (NaN is refused), as `whole_file` does."""
    text = json.dumps(value, indent=2, allow_nan=False) + "\n"
    with whole_file(path) as temporary, open(temporary, "w", encoding="utf-8") as file:
        file.write(text)


def _temporary_sibling(path):
    directory, name = os.path.split(path)
    return os.path.join(directory, f".{secrets.token_hex(6)}.{name}")


def rename_to_new(temporary, path):
    """Renames the directory `temporary` to `path`; FileExistsError where something is there."""
    # A rename replaces an empty directory without a word; only one with files in it is refused.
    if os.path.lexists(path):
        raise FileExistsError(f"{path} exists already")
    try:
        os.rename(temporary, path)
    except OSError as error:
        if os.path.lexists(path):
            raise FileExistsError(f"{path} exists already") from error
        raise


def _exchange(temporary, path):
    # A directory with files in it cannot be renamed over: the old one steps aside first, and comes
    # back when the new one cannot take its place.
    aside = _temporary_sibling(path)
    os.rename(path, aside)
    try:
        os.rename(temporary, path)
    except BaseException:
        os.rename(aside, path)
        raise
    shutil.rmtree(aside)
