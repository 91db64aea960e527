"""Versions that are being written: what a killed export left, and what a full disk says."""

import contextlib
import errno
import os
import re
import shutil
import time

try:
    import fcntl
except ImportError:  # a system without it
    fcntl = None

_NAME = re.compile(r"\.[0-9a-f]{12}\.[0-9]+")  # as `temporary_directory` names a version
_YOUNG_SECONDS = 60.0  # in which an export that has just begun may not have its lock yet
_UNLOCKED_SECONDS = 86400.0  # after which it is taken for dead where nothing can be locked


@contextlib.contextmanager
def locked(directory):
    """Holds the lock of a directory, which ends with the process, for the block."""
    lock = os.open(directory, os.O_RDONLY)
    try:
        _lock(lock)
        yield
    finally:
        os.close(lock)


def remove_abandoned(directory):
    """Removes the hidden directories of exports to `directory` that were killed."""
    with contextlib.suppress(FileNotFoundError), os.scandir(directory) as entries:
        for entry in entries:
            if _NAME.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
                with contextlib.suppress(OSError):  # another export removes it too
                    _remove_if_abandoned(entry.path)


def _remove_if_abandoned(path):
    descriptor = os.open(path, os.O_RDONLY)
    try:
        free = _lock(descriptor)  # None where that cannot be known
        age = time.time() - os.fstat(descriptor).st_mtime
        if free is not False and age > (_YOUNG_SECONDS if free else _UNLOCKED_SECONDS):
            shutil.rmtree(path, ignore_errors=True)
    finally:
        os.close(descriptor)


def _lock(descriptor):
    """Returns whether the lock was free and is taken now; None on file systems without locks."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


@contextlib.contextmanager
def full_disk_named(path):
    """Turns whatever a full disk raises in the block into an OSError that names `path`.

    TensorFlow raises several errors of its own for it, with the system's words somewhere in them.
    """
    try:
        yield
    except Exception as error:
        for number in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            reason = os.strerror(number)
            if getattr(error, "errno", None) == number or reason.lower() in str(error).lower():
                message = f"{reason}: the export is not finished, and nothing of it is left"
                raise OSError(number, message, path) from error
        raise
