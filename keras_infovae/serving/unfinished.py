"""Versions that are being written: what a killed export left, and what a full disk says."""

import contextlib
import errno
import os
import re
import shutil
import time

from keras_infovae.utils import file_locks

_NAME = re.compile(r"\.[0-9a-f]{12}\.[0-9]+")  # as `temporary_directory` names a version
_LOCK = ".lock"  # after it, beside the directory, because that is going to be renamed
_YOUNG_SECONDS = 60.0  # in which an export that has just begun may not have its lock yet
_UNLOCKED_SECONDS = 86400.0  # after which it is taken for dead where nothing can be locked


@contextlib.contextmanager
def locked(directory):
    """Holds the lock of a directory, which ends with the process, for the block."""
    lock = file_locks.take(f"{directory}{_LOCK}")
    try:
        yield
    finally:
        file_locks.give_back(lock)


def remove_abandoned(directory):
    """Removes the hidden directories of exports to `directory` that were killed."""
    with contextlib.suppress(FileNotFoundError), os.scandir(directory) as entries:
        for entry in entries:
            path = entry.path.removesuffix(_LOCK)  # one that was killed as it ended left a lock
            if _NAME.fullmatch(os.path.basename(path)) and not entry.is_symlink():
                with contextlib.suppress(OSError):  # another export removes it too
                    _remove_if_abandoned(path, os.stat(entry.path).st_mtime)


def _remove_if_abandoned(path, changed):
    age = time.time() - changed
    if age <= _YOUNG_SECONDS:
        return
    lock = file_locks.take(f"{path}{_LOCK}")
    if lock or (lock is None and age > _UNLOCKED_SECONDS):
        shutil.rmtree(path, ignore_errors=True)
    file_locks.give_back(lock)


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
