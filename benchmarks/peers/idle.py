"""How much of the processors other processes use (Linux; elsewhere it cannot be told)."""

import os
import time


def busy_seconds():
    """Returns the processor seconds that all processes together have used, or None."""
    try:
        with open("/proc/stat", encoding="ascii") as file:
            fields = [int(field) for field in file.readline().split()[1:9]]
    except OSError:
        return None
    user, nice, system, _idle, _wait, interrupts, soft, stolen = fields
    return (user + nice + system + interrupts + soft + stolen) / os.sysconf("SC_CLK_TCK")


def own_seconds(pids):
    """Returns the processor seconds that the processes `pids` and this one have used."""
    total = sum(os.times()[:2])
    for pid in pids:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


class Others:
    """Counts what others use from now on.

    Args:
        pids: processes that are not others, besides this one.
    """

    def __init__(self, pids=()):
        self._pids = list(pids)
        self._start = self._now()

    def cores(self):
        """Returns the mean number of cores that others have used since, or None."""
        if self._start is None:
            return None
        (time_0, busy_0, own_0), (time_1, busy_1, own_1) = self._start, self._now()
        used = (busy_1 - busy_0) - (own_1 - own_0)
        return max(0.0, used / max(time_1 - time_0, 1e-9))

    def _now(self):
        busy = busy_seconds()
        return None if busy is None else (time.perf_counter(), busy, own_seconds(self._pids))


def wait_until_idle(pids=(), patience=30.0, limit=0.15, look=0.5, say=print):
    """Waits until others use at most `limit` cores; returns how many they used when last looked at.

    Args:
        pids: processes that are not others.
        patience: seconds to wait at most; then it goes on all the same.
        limit: cores.
        look: seconds to look for, each time.
        say: function that is told, once, when others use more.
    """
    told, end = False, time.perf_counter() + patience
    while True:
        others = Others(pids)
        time.sleep(look)
        used = others.cores()
        if used is None or used <= limit or time.perf_counter() > end:
            return used
        if not told:
            say(f"Other processes use {used:.1f} cores; waiting for at most {patience:.0f} s.")
            told = True
