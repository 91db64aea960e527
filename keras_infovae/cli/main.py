"""The program: which command a command line means, and how it ends."""

import errno
import os
import sys

from keras_infovae.cli import help_page, own_models, suggestions, tensorflow_start
from keras_infovae.cli.calibrate import Calibrate
from keras_infovae.cli.errors import CommandLineError, system_message
from keras_infovae.cli.evaluate import Evaluate
from keras_infovae.cli.export import Export
from keras_infovae.cli.generate import Generate
from keras_infovae.cli.impute import Impute
from keras_infovae.cli.presets import Presets
from keras_infovae.cli.report import Report
from keras_infovae.cli.score import Score
from keras_infovae.cli.serve import Serve
from keras_infovae.cli.train import Train
from keras_infovae.cli.tune import Tune
from keras_infovae.utils import interrupts
from keras_infovae.version import __version__

_ALL = (
    *(Train(), Tune(), Evaluate(), Report()),
    *(Generate(), Impute(), Score(), Calibrate()),
    *(Export(), Serve(), Presets()),
)
COMMANDS = {command.name: command for command in _ALL}
DONE, FAILED, UNUSABLE, BROKEN_PIPE = 0, 1, 2, 141
_HELP = ("--help", "-help", "-h", "--helpfull", "--helpshort", "-?", "help")


def run_and_exit(argv):
    """Runs one command line, as `main`, and ends the process with its status."""
    from absl import app, flags, logging

    def parse(argv):
        flags.FLAGS(argv[:1])  # absl's own flags keep their defaults; commands parse theirs
        logging.set_verbosity(logging.WARNING)  # or TensorFlow tells of each node that it renames
        return argv

    app.run(_main_into_a_pipe, argv=argv, flags_parser=parse)


def _main_into_a_pipe(argv):
    """Returns the status of `main`; 141, as of other programs, where the reader of a pipe left."""
    try:
        status = main(argv)
        sys.stdout.flush()
        return status
    except OSError as error:
        if error.filename is not None or error.errno not in (errno.EPIPE, errno.ENOSPC):
            raise
        # `keras-infovae --help | head`, or a full disk: nothing is left to be flushed at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if error.errno == errno.EPIPE:
            return BROKEN_PIPE
        return _complain(help_page.PROGRAM, f"stdout: {system_message(error)}", FAILED)


def main(argv):
    """Runs one command line.

    Args:
        argv: the program's name, the command's name, its flags.

    Returns:
        The exit status: 0 for done, 1 for failed on the way, 2 for a command line (or something
        that it names) that cannot be used, 130 for stopped by Ctrl-C.
    """
    arguments = argv[1:]
    if not arguments or arguments[0] in _HELP:
        print(help_page.overview(COMMANDS.values()))
        return DONE if arguments else UNUSABLE
    if arguments[0] == "--version":
        print(f"{help_page.PROGRAM} {__version__}")
        return DONE
    name = arguments[0]
    if name not in COMMANDS:
        near = suggestions.command(name, COMMANDS)
        hint = f" Did you mean {near!r}?" if near else ""
        message = f"The command must be one of {', '.join(COMMANDS)}. Received: {name!r}.{hint}"
        return _complain(help_page.PROGRAM, message, UNUSABLE)
    return _run_command(COMMANDS[name], arguments[1:])


def _run_command(command, arguments):
    program = f"{help_page.PROGRAM} {command.name}"
    try:
        own_models.import_modules(arguments)
        flag_set = command.flag_set()
        if any(argument in _HELP for argument in arguments):
            print(help_page.page(command, flag_set))
            return DONE
        flags = flag_set.parse(arguments)
        command.check(flags)
        if command.needs_tensorflow:
            tensorflow_start.import_package(getattr(flags, tensorflow_start.FLAG))
        return command.run(flags) or DONE
    except (KeyboardInterrupt, Exception) as error:
        if interrupts.is_interrupt(error):
            return _complain(program, interrupts.WORDS, interrupts.STOPPED)
        if isinstance(error, CommandLineError):
            return _complain(program, error, UNUSABLE)
        if isinstance(error, OSError) and error.filename is not None:
            return _complain(program, system_message(error), FAILED)
        raise  # nothing that is known here: a fault, shown with its traceback


def _complain(program, message, status):
    sys.stdout.flush()
    print(f"{program}: error: {message}", file=sys.stderr)
    return status
