"""The start of `keras-infovae`: what has to be settled before anything slow is imported."""

import sys

from keras_infovae.utils import interrupts


def run():
    """Runs the command line of this process and exits with its status."""
    interrupts.leave_at_once()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # not where a stream is closed
            stream.reconfigure(
                line_buffering=True
            )  # so that `keras-infovae tune > log` can be read
    from keras_infovae.cli.main import run_and_exit

    run_and_exit(sys.argv)
