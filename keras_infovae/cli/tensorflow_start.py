"""The import of the package, and with it of TensorFlow, out of a user's sight."""

import logging
import os
import sys

from keras_infovae.utils import interrupts, startup_messages

FLAG = "tensorflow_log"
_SILENT = "3"


def settle_level(show):
    """Says what TensorFlow logs: all with --tensorflow_log, else only why it ends.

    Its errors reach users as exceptions, with the words of its log. A level that the user has set
    stays. TensorFlow's Python part has a log of its own, with advice to programmers.
    """
    logging.getLogger("tensorflow").setLevel(logging.WARNING if show else logging.ERROR)
    if show:
        os.environ[startup_messages.VARIABLE] = "0"
    else:
        os.environ.setdefault(startup_messages.VARIABLE, _SILENT)


def import_package(show):
    """Imports all of `keras_infovae`, if that is not done; TensorFlow's log is seen if `show`."""
    if "keras_infovae.api" not in sys.modules:
        settle_level(show)
        with startup_messages.held_to_level():
            import keras_infovae.api  # noqa: F401
    interrupts.raise_again()
