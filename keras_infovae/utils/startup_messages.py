"""What TensorFlow writes while it is imported, held to the level that it is told.

TF_CPP_MIN_LOG_LEVEL says what TensorFlow is to be silent on: 1 on remarks (I), 2 on warnings (W)
too, 3 on errors (E) too. It does not keep to it before its log is set up, which is while it is
imported: "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR".
"""

import contextlib
import os
import re
import signal
import sys

VARIABLE = "TF_CPP_MIN_LOG_LEVEL"
_LEVELS = (b"I", b"W", b"E")  # what is fatal (F) is always shown
_LINE = re.compile(  # "I0000 00:00:1795802960.8 2455 a.cc:1] ", "2026-11-27 18:00:00.8: I a.cc:1] "
    rb"([IWEF])\d{4} \d\d:\d\d:\d+\.\d+ +\d+ \S+:\d+\]"
    rb"|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: ([IWEF]) \S+:\d+\]"
)
_REMARKS = (  # parts of messages that have no level of their own
    b"WARNING: All log messages before absl::InitializeLog()",
    b"To enable the following instructions:",
)


def is_shown(line, level):
    """Returns whether a line is to be seen.

    Args:
        line: bytes.
        level: as of TF_CPP_MIN_LOG_LEVEL, 0 to 3. What is no message of TensorFlow's log (a
            traceback, say) is shown at any.

    Example:

    >>> line = b"I0000 00:00:1795802960.852164    2455 port.cc:153] oneDNN is on."
    >>> is_shown(line, 0), is_shown(line, 1), is_shown(b"F" + line[1:], 3)
    (True, False, True)
    """
    if line.startswith(_REMARKS):
        return level < 1
    found = _LINE.match(line)
    return found is None or (found[1] or found[2]) not in _LEVELS[:level]


@contextlib.contextmanager
def held_to_level():
    """Holds what is written to stderr within the block to the level in TF_CPP_MIN_LOG_LEVEL.

    For the import of TensorFlow, in a process without threads. Another process passes the lines on,
    so that nothing is lost where this one crashes; it ends with the block.
    """
    level = os.environ.get(VARIABLE, "0")
    level = min(int(level), len(_LEVELS)) if level.isdecimal() else 0
    if level == 0 or "tensorflow" in sys.modules or not hasattr(os, "fork"):
        yield
        return
    try:
        stderr = os.dup(2)
    except OSError:  # it is closed
        yield
        return
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writing)
        _pass_on(reading, stderr, level)
    os.dup2(writing, 2)
    os.close(reading)
    os.close(writing)
    try:
        yield
    finally:
        if sys.stderr is not None:
            sys.stderr.flush()
        os.dup2(stderr, 2)  # which closes the pipe, so that the child ends
        os.close(stderr)
        with contextlib.suppress(ChildProcessError):  # where SIGCHLD is ignored
            os.waitpid(child, 0)


def _pass_on(reading, stderr, level):
    """Passes lines on until there are no more, and ends the process."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # what it is for is the parent's to decide
        with os.fdopen(reading, "rb") as lines:
            for line in lines:
                if is_shown(line, level):
                    os.write(stderr, line)
    finally:
        os._exit(0)
