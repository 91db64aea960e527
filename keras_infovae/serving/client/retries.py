"""One deadline over all attempts at a request."""

import random
import time

from keras_infovae.serving.client.serving_error import ServingError

FIRST_WAIT, LONGEST_WAIT = 0.1, 5.0  # seconds


class Deadline:
    """A point in time, `seconds` from now."""

    def __init__(self, seconds):
        self._end = time.monotonic() + seconds

    def remaining(self):
        """Returns the seconds left; negative ones once it has passed."""
        return self._end - time.monotonic()


def with_retries(attempt, deadline, retries):
    """Returns `attempt(seconds left)`, tried again after errors that may pass.

    The wait before attempt k + 1 is uniform in [w / 2, w], w = min(5 s, 0.1 s * 2**(k - 1)), so
    that clients that failed together do not come back together, and at least what the server
    asks for. A wait beyond the deadline is not begun.

    Args:
        attempt: function of the seconds left.
        deadline: the `Deadline` of all attempts together.
        retries: how many attempts there may be beside the first.

    Raises:
        ServingError: of the last attempt.
    """
    for number in range(retries + 1):
        try:
            return attempt(deadline.remaining())
        except ServingError as error:
            wait = min(LONGEST_WAIT, FIRST_WAIT * 2**number) * random.uniform(0.5, 1.0)
            wait = max(wait, error.retry_after)
            if not error.is_transient or number == retries or wait >= deadline.remaining():
                raise
        time.sleep(wait)
