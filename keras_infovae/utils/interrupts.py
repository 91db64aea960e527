"""Ctrl-C: at once while libraries are imported, as a KeyboardInterrupt afterwards."""

import os
import signal

STOPPED = 130  # the exit status, as of other programs
WORDS = "stopped by Ctrl-C"


def leave_at_once():
    """Makes Ctrl-C end the process with one line and without a traceback.

    For imports: a KeyboardInterrupt there comes out of any line of any library, some of which make
    another error of it. Nothing that this process writes is open then. Where the signal is ignored
    (`nohup`), it stays so.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)


def raise_again():
    """Makes Ctrl-C raise KeyboardInterrupt again, which the commands know how to end with."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def is_interrupt(error):
    """Returns whether an error is Ctrl-C, or was made of it by a library that was imported then."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        made_of = error.__context__ if isinstance(error, (ImportError, SystemError)) else None
        error = error.__cause__ or made_of
    return error is not None


def _leave(number, frame):
    os.write(2, f"keras-infovae: {WORDS}\n".encode())
    os._exit(STOPPED)
