"""Whether data fits in the memory of this machine, asked before it is read."""

import contextlib
import math
import os
import pathlib

from keras_infovae.datasets.reading import source_error

_MEMINFO = pathlib.Path("/proc/meminfo")
_LIMITS = (  # of the container, in its versions 2 and 1
    pathlib.Path("/sys/fs/cgroup/memory.max"),
    pathlib.Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
_FLOAT32 = 4


def check_fits(source, shape, itemsize, advice="read less of it by `limit`, or use `stream`"):
    """Raises ValueError unless an array, its splits and the float32 that they become fit in memory.

    Systems promise memory that they do not have, and end the process that uses it.

    Args:
        source: the path, for the error.
        shape: of the array.
        itemsize: bytes of one value as it is stored.
        advice: what can be done, for the error.
    """
    needed, there = math.prod(shape) * (2 * itemsize + _FLOAT32), available_memory()
    if there is not None and needed > there:
        raise source_error(
            source,
            f"fit in memory ({advice})",
            f"shape {tuple(shape)} takes {in_words(needed)}, and {in_words(there)} are free",
        )


def available_memory():
    """Returns the bytes that this process can still use, or None where the system does not say."""
    found = []
    with contextlib.suppress(OSError, ValueError, StopIteration):
        lines = _MEMINFO.read_text().splitlines()
        line = next(line for line in lines if line.startswith("MemAvailable:"))
        found.append(int(line.split()[1]) * 1024)
    with contextlib.suppress(OSError, ValueError, AttributeError):
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    for path in _LIMITS:
        with contextlib.suppress(OSError, ValueError):  # "max" where there is no limit
            found.append(int(path.read_text()))
    return min(found, default=None)


def in_words(count):
    """Returns a number of bytes as text.

    >>> in_words(2_500_000_000)
    '2.5 GB'
    """
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:,.4g} TB"
