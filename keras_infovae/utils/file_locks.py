"""Locks that a process holds by a file, and that the system drops when the process ends."""

import contextlib
import os

# As long as it takes to see that a lock which another has just given up is free: its file is gone
# between two tries. Longer waits are for nobody; who finds a lock taken says so.
_SECONDS = 0.2


def take(path):
    """Takes the lock of the file at `path`, which is made if it is not there.

    Args:
        path: a file of no content, that is nobody's but the lock's.

    Returns:
        What `give_back` takes; False where another holds the lock; None where that cannot be known,
        because the file system has no locks or the file cannot be made.

    Example:

    >>> lock = take(".lock")  # doctest: +SKIP
    >>> take(".lock")  # doctest: +SKIP
    False
    >>> give_back(lock)  # doctest: +SKIP
    """
    import filelock

    lock = filelock.FileLock(path, timeout=_SECONDS, thread_local=False)
    try:
        lock.acquire(poll_interval=_SECONDS / 10)
    except filelock.Timeout:
        return False
    except (NotImplementedError, OSError):
        return None
    return lock


def give_back(lock):
    """Gives up a lock of `take`, and removes its file; of False, None or one given back, nothing.

    The file goes while the lock is held, so that it is no other's; who has opened it before sees
    that it is gone and makes a new one. Where open files cannot be removed, giving up does it.
    """
    if lock and lock.is_locked:
        with contextlib.suppress(OSError):
            os.remove(lock.lock_file)
        with contextlib.suppress(OSError):
            lock.release()
