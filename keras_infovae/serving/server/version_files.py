"""The files of a version, as the system knows them, without opening any."""

import contextlib
import os
import stat

_KINDS = {
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def fingerprint(path):
    """Returns what changes when a file or folder of the version does.

    The time of the last change of any kind (ctime) is in it, for a file may be mended in place
    with its time of modification kept, or by its permissions alone.
    """
    return frozenset(_statuses(path))


def check_files(path):
    """Raises ValueError for what is no file or folder: to open a FIFO may take forever."""
    for name, status, _ in _statuses(path):
        kind = _KINDS.get(stat.S_IFMT(status[0]))
        if kind:
            raise ValueError(f"A version holds files and folders alone. {name} is {kind}")


def _statuses(path):
    """Yields (path, what `stat` tells, the target of a link or None) of all that is there."""
    for name in _names(path):
        target = None
        with contextlib.suppress(OSError):
            target = os.readlink(name)
        try:
            status = os.stat(name)
        except OSError as error:  # it has gone, or is a link to nothing or to itself
            yield name, (0, error.errno), target
        else:
            changes = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
            yield name, (status.st_mode, *changes), target


def _names(path):
    yield path
    for folder, folders, files in os.walk(path):
        for name in (*folders, *files):
            yield os.path.join(folder, name)
