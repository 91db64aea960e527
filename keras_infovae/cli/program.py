"""The start of `keras-infovae`: what has to be settled before anything slow is imported."""

import os
import sys

from keras_infovae.utils import interrupts


def run():
    """Runs the command line of this process and exits with its status."""
    interrupts.leave_at_once()
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # it is closed, as by `>&-`
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))
        # So that the log of `keras-infovae tune > log` can be read while it is written.
        getattr(sys, name).reconfigure(line_buffering=True)
    from keras_infovae.cli.main import run_and_exit

    run_and_exit(sys.argv)
