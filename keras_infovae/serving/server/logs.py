"""The server's log, in which no line is repeated many times a second."""

import logging
import time

_SECONDS = 10.0
_MOST = 1000  # lines that are remembered


class Seldom(logging.Filter):
    """Lets a warning or error through at most once in 10 s, with the number of those left out.

    Whoever can cause an error can cause it thousands of times a second; the disk would be full.
    """

    def __init__(self):
        super().__init__()
        self._lines = {}  # {line: [when it was let through, how many were left out since]}

    def filter(self, record):
        if record.levelno < logging.WARNING:
            return True
        line = (record.name, record.getMessage(), str(record.exc_info and record.exc_info[1]))
        now = time.monotonic()
        known = self._lines.get(line)
        if known is not None and now < known[0] + _SECONDS:
            known[1] += 1
            return False
        if known is not None and known[1]:
            record.msg, record.args = f"{line[1]} ({known[1]} times more since)", ()
        self._lines.pop(line, None)
        self._lines[line] = [now, 0]
        if len(self._lines) > _MOST:
            del self._lines[next(iter(self._lines))]  # the oldest
        return True


def set_up():
    """Logs to the standard error."""
    handler = logging.StreamHandler()
    handler.addFilter(Seldom())
    logging.basicConfig(
        format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO, handlers=[handler]
    )
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it advises against its graph loader
    # What clients send wrong is in the answer to them, and counted in the metrics.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
