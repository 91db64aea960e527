"""Values that hold within a `with`."""

import contextlib
import threading


class ThreadValue(threading.local):
    """A value of each thread, since replicas may be threads.

    Args:
        value: what it is at first.

    Example:

    >>> depth = ThreadValue(0)
    >>> with depth.held(2):
    ...     depth.value
    2
    >>> depth.value
    0
    """

    def __init__(self, value):
        self.value = value

    @contextlib.contextmanager
    def held(self, value):
        """A context in which it is `value`."""
        before, self.value = self.value, value
        try:
            yield
        finally:
            self.value = before
