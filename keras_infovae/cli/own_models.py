"""Models of the user's own, from modules that --import names."""

import importlib
import os
import sys

from keras_infovae.cli import tensorflow_start
from keras_infovae.cli.errors import CommandLineError

FLAG = "import"


def import_modules(arguments):
    """Imports the modules that a command line names; their models are registered then.

    They are looked for where Python looks, and after that in the working directory.

    Args:
        arguments: what stands on the command line after the command.

    Raises:
        CommandLineError: for a module that is not there, or that imports one that is not.
    """
    names = list(_names(arguments))
    if names:
        tensorflow_start.import_package(f"--{tensorflow_start.FLAG}" in arguments)
    for name in names:
        if os.getcwd() not in sys.path:
            sys.path.append(os.getcwd())
        try:
            if not all(part.isidentifier() for part in name.split(".")):
                raise ImportError("not the dotted name of a module")
            importlib.import_module(name)
        except ImportError as error:
            raise CommandLineError(
                f"Argument `--{FLAG}` must be modules that can be imported. "
                f"Received: --{FLAG}={name} ({error})"
            ) from error


def _names(arguments):
    for place, argument in enumerate(arguments):
        flag, equals, given = argument.lstrip("-").partition("=")
        if flag == FLAG and argument.startswith("-"):
            values = [given] if equals else arguments[place + 1 : place + 2]
            yield from (name.strip() for value in values for name in value.split(","))
