"""One writer per directory."""

import contextlib
import datetime
import os
import socket

from keras_infovae.training.contents import LOCK, LOCK_FILE, read_json_object
from keras_infovae.typing import Path
from keras_infovae.utils import file_locks
from keras_infovae.utils.files import write_json


class DirectoryLock:
    """Keeps other processes from beginning their work in the directory at `path` until `release`.

    The system drops the lock of a process that ends, however it ends. It is the lock of an empty
    file, which may stay behind then and is in nobody's way. So may lock.json, which only says whose
    lock it is. Where the file system has no locks, nobody is kept out.

    Args:
        path: the directory.
        argument: what the caller's caller knows it as, for the error. Default "output".
        work: what is done in it, for the error. Default "a training".

    Raises:
        FileExistsError: when another process has it, naming that.
    """

    def __init__(self, path, argument="output", work="a training"):
        self._owner_file = os.path.join(path, LOCK)
        self._announced = False
        self._lock = file_locks.take(os.path.join(path, LOCK_FILE))
        if self._lock is False:
            raise FileExistsError(
                f"Argument `{argument}` must be a directory that no other process writes to. "
                f"Received: {path}, where {work} is running{self._owner()}"
            )

    @classmethod
    def check(cls, path):
        """Raises as the constructor does where another process has the lock.

        A directory that nobody has locked is not touched.
        """
        if os.path.lexists(os.path.join(path, LOCK_FILE)):
            cls(path).release()

    def announce(self):
        """Writes lock.json, with which others are told who has the lock.

        Raises:
            OSError: naming the file, when it cannot be written.
        """
        if self._lock:
            now = datetime.datetime.now(datetime.timezone.utc)
            owner = {"process": os.getpid(), "host": socket.gethostname()}
            write_json(self._owner_file, owner | {"started": now.isoformat(timespec="seconds")})
            self._announced = True

    def release(self):
        """Gives the lock up; more than once is once."""
        if self._announced:
            self._announced = False
            with contextlib.suppress(FileNotFoundError):
                os.remove(self._owner_file)
        file_locks.give_back(self._lock)
        self._lock = None

    def _owner(self):
        owner = read_json_object(self._owner_file)
        if owner is None:
            return ""
        process, host, started = (owner.get(name) for name in ("process", "host", "started"))
        return f": process {process} on {host}, started at {started}"


class LockedDirectory:
    """A directory of files with one writer, whose lock, if it has one, ends with the context.

    Args:
        path: the directory.
    """

    def __init__(self, path: Path) -> None:
        self.path = os.fspath(path)
        self._lock = None

    def file(self, name: str) -> str:
        """Returns the path of the file called `name`."""
        return os.path.join(self.path, name)

    def close(self) -> None:
        """Lets other processes write to the directory again."""
        if self._lock is not None:
            self._lock.release()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()
