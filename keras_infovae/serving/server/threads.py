"""Functions that may never return, such as those that read a network's disk."""

import asyncio
import concurrent.futures
import contextlib
import threading


class Threads:
    """Runs each function in a thread of its own, for which the end of the process does not wait.

    All methods are for the event loop's thread.

    Attributes:
        running: how many functions have not returned yet, those that nobody waits for included.
    """

    def __init__(self):
        self.running = 0

    async def run(self, function, *arguments):
        """Returns what the function returns, or raises what it raises."""
        loop, outcome = asyncio.get_running_loop(), concurrent.futures.Future()

        def call():
            try:
                result = function(*arguments)
            except BaseException as error:
                settle, value = outcome.set_exception, error
            else:
                settle, value = outcome.set_result, result
            with contextlib.suppress(RuntimeError):  # the loop is closed: the process ends
                loop.call_soon_threadsafe(self._end, outcome, settle, value)

        self.running += 1
        threading.Thread(target=call, daemon=True).start()
        return await asyncio.wrap_future(outcome)

    def _end(self, outcome, settle, value):
        self.running -= 1
        if not outcome.cancelled():  # because whoever waited has gone
            settle(value)
