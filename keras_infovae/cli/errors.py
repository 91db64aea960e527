"""What is said to a user whose command cannot be carried out."""

import contextlib
import os
import re


class CommandLineError(Exception):
    """A flag, or what it names, cannot be used; the message is for the user, as one line."""


@contextlib.contextmanager
def reported(names, argument=None):
    """Turns the errors that the package raises about its arguments into `CommandLineError`.

    To be used around checks and the reading of what the user named, where such errors are about
    the command line, and not around the computation, where they would be faults of the package.

    Args:
        names: {argument of the package: flag that it comes from}; both go without dashes.
        argument: the argument that an error of the system (no such file) is about, if it is one.
    """
    try:
        yield
    except OSError as error:
        message = str(error)
        if error.strerror and argument:
            expectation = f"Argument `{argument}` must be usable"
            message = f"{expectation}. Received: {system_message(error)}"
        raise CommandLineError(in_terms_of_flags(message, names)) from error
    except (ValueError, TypeError, ImportError) as error:
        raise CommandLineError(in_terms_of_flags(str(error), names)) from error


def in_terms_of_flags(message, names):
    """Returns `message` as one line with arguments called by their flags.

    Example:

    >>> message = "Argument `source` must be a path that exists. Received: source='x'"
    >>> in_terms_of_flags(message, {"source": "data"})
    "Argument `--data` must be a path that exists. Received: --data='x'"
    """
    message = " ".join(message.split())
    for argument, flag in names.items():
        message = message.replace(f"`{argument}`", f"`--{flag}`")
        message = re.sub(rf"(?<![\w-]){re.escape(argument)}=", f"--{flag}=", message)
    return message


def system_message(error):
    """Returns an `OSError` as "no space left on device: runs/first/model.keras"."""
    reason = error.strerror or str(error) or type(error).__name__
    reason = reason[:1].lower() + reason[1:]
    return reason if error.filename is None else f"{reason}: {os.fspath(error.filename)}"
