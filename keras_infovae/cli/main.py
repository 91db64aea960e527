"""The entry point of `keras-infovae`."""

import difflib
import os
import sys

from absl import app, flags, logging

from keras_infovae.cli import help_page, own_models
from keras_infovae.cli.errors import CommandLineError, system_message
from keras_infovae.cli.evaluate import Evaluate
from keras_infovae.cli.export import Export
from keras_infovae.cli.generate import Generate
from keras_infovae.cli.report import Report
from keras_infovae.cli.serve import Serve
from keras_infovae.cli.train import Train
from keras_infovae.cli.tune import Tune
from keras_infovae.version import __version__

_ALL = (Train(), Tune(), Evaluate(), Generate(), Report(), Export(), Serve())
COMMANDS = {command.name: command for command in _ALL}
DONE, FAILED, UNUSABLE, STOPPED, BROKEN_PIPE = 0, 1, 2, 130, 141
_HELP = ("--help", "-help", "-h", "--helpfull", "--helpshort", "-?", "help")


def run():
    """Runs the command line of this process and exits with its status."""

    def parse(argv):
        flags.FLAGS(argv[:1])  # absl's own flags keep their defaults; commands parse theirs
        logging.set_verbosity(logging.WARNING)  # or TensorFlow tells of each node that it renames
        return argv

    app.run(_main_into_a_pipe, flags_parser=parse)


def _main_into_a_pipe(argv):
    """Returns the status of `main`; 141, as of other programs, where the reader of a pipe left."""
    try:
        status = main(argv)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # `keras-infovae --help | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the flush at the end
        return BROKEN_PIPE


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
        near = difflib.get_close_matches(name, COMMANDS, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
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
        return command.run(flag_set.parse(arguments)) or DONE
    except CommandLineError as error:
        return _complain(program, error, UNUSABLE)
    except OSError as error:
        if error.filename is None:  # nothing that is known here: a fault, shown with its traceback
            raise
        return _complain(program, system_message(error), FAILED)
    except KeyboardInterrupt:
        return _complain(program, "stopped by Ctrl-C", STOPPED)


def _complain(program, message, status):
    sys.stdout.flush()
    print(f"{program}: error: {message}", file=sys.stderr)
    return status
