"""One writer per run directory."""

import os

try:
    import fcntl
except ImportError:  # not a POSIX system: there, runs are not kept apart
    fcntl = None


class DirectoryLock:
    """Keeps other processes from beginning a run in the directory at `path` until `release`.

    The system drops the lock of a process that ends, however it ends, and no file is made for it.

    Raises:
        FileExistsError: when another process has it.
    """

    def __init__(self, path):
        self._descriptor = None
        if fcntl is None:
            return
        self._descriptor = os.open(path, os.O_RDONLY)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            raise FileExistsError(
                "Argument `output` must be a directory that no other process writes to. "
                f"Received: {path}, where a training is running"
            ) from None
        except OSError:  # a file system without locks
            self.release()

    def release(self):
        """Gives the lock up; more than once is once."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
