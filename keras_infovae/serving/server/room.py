"""A bound on the bytes of all large requests, or answers, that are in memory at a time."""

import asyncio
import collections
import contextlib

from keras_infovae.serving.server.errors import RequestError

SMALL = 2**16  # bytes of a request that takes no room: there cannot be many of them


class Room:
    """So many bytes, of which large requests take a share; those that find none wait, in order.

    All methods are for the event loop's thread.

    Args:
        capacity: of all shares together, in bytes. A share beyond it waits until all are back.
        seconds: after which one that waits is refused.
    """

    def __init__(self, capacity, seconds):
        self._capacity = self._free = capacity
        self._seconds = seconds
        self._waiting = collections.deque()

    @contextlib.asynccontextmanager
    async def share(self):
        """Gives a function that takes a share, (bytes), and gives it back after the block.

        Only its first call for at least `SMALL` bytes counts. It raises `RequestError`.
        """
        taken = []

        async def take(size):
            if size >= SMALL and not taken:
                taken.append(await self._take(min(size, self._capacity)))

        try:
            yield take
        finally:
            self._free += sum(taken)
            self._let_in()

    async def _take(self, size):
        admitted = asyncio.get_running_loop().create_future()
        self._waiting.append((size, admitted))
        self._let_in()
        try:
            # Not `wait_for`, which may lose an admission that comes as the time ends.
            await asyncio.wait([admitted], timeout=self._seconds)
        except asyncio.CancelledError:
            self._leave(size, admitted)
            raise
        if not admitted.done():
            self._leave(size, admitted)
            message = f"Large requests of others take all of {self._capacity} bytes"
            raise RequestError("RESOURCE_EXHAUSTED", f"{message}, the server's --max_bytes_at_once")
        return size

    def _leave(self, size, admitted):
        if admitted.done():
            self._free += size
        else:
            self._waiting.remove((size, admitted))
        self._let_in()

    def _let_in(self):
        while self._waiting and self._waiting[0][0] <= self._free:
            size, admitted = self._waiting.popleft()
            self._free -= size
            admitted.set_result(None)
