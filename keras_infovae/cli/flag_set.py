"""The flags of one command."""

import dataclasses
import os

from absl import flags

from keras_infovae import parameters
from keras_infovae.cli import suggestions
from keras_infovae.cli.errors import CommandLineError
from keras_infovae.utils.checks import argument_error

REQUIRED = "none, it must be given"
_LONGEST_VALUE = 60  # characters on the help page; longer lists of choices go into the text
_TRUE, _FALSE = ("true", "t", "1", "yes"), ("false", "f", "0", "no")


@dataclasses.dataclass(frozen=True)
class FlagEntry:
    """What the help page says of one flag."""

    name: str
    value: str  # what to write after "=", with its unit; empty for a flag without a value
    text: str
    default: str  # `REQUIRED` for a flag that must be given
    group: str


class FlagSet:
    """Absl flags of one command, apart from all others, with what the help page says of each.

    Every flag is checked when it is parsed, with the words of `utils/checks.py`.

    Attributes:
        entries: the `FlagEntry` of each flag, in the order of the help page.

    Example:

    >>> flag_set = FlagSet()
    >>> flag_set.integer("n", "EXAMPLES", "How many.", default=16)
    >>> flag_set.parse(["--n=3"]).n
    3
    """

    def __init__(self):
        self.entries = []
        self._values = flags.FlagValues()
        self._required = {}
        self._group = "Flags"

    def group(self, title):
        """Begins a group of flags on the help page."""
        self._group = title

    # === Defining ===

    def text(self, name, value, text, default=None, shown=None, required=False):
        """Adds a flag that takes any text but the empty one, which counts as not given.

        Args:
            name: of the flag, without dashes.
            value: what the help page writes after "=", in capitals: what is meant, or the unit.
            text: what the flag does; sentences.
            default: its value when it is not given.
            shown: how the help page says the default. Default: `default` as it is.
            required: whether it must be given. Default False.
        """
        if required:
            self._required[name] = value
            shown = REQUIRED
        self._define(name, lambda given: given or None, value, text, default, shown)

    def path(self, name, value, text, default=None, shown=None, required=False):
        """Adds a flag as `text` that takes a path; "~" at its beginning is the home directory.

        Shells leave it as it is in `--name=~/x`.
        """

        def convert(given):
            path = os.path.expanduser(given)
            if path.startswith("~"):  # of a user that is not there; a file of that name is ./~x
                raise argument_error(f"--{name}", "a path in a home directory that is there", given)
            return path or None

        if required:
            self._required[name] = value
            shown = REQUIRED
        self._define(name, convert, value, text, default, shown)

    def integer(self, name, value, text, minimum=1, default=None, shown=None):
        """Adds a flag that takes an integer of at least `minimum`; the rest as for `text`."""
        self._define_parsed(parameters.Integer(text, minimum), name, value, default, shown)

    def number(self, name, value, text, default=None, shown=None, **limits):
        """Adds a flag that takes a number within limits, or a word, as a `Number` has them."""
        self._define_parsed(parameters.Number(text, **limits), name, value, default, shown)

    def interval(self, name, value, text, shown=None):
        """Adds a flag that takes two integers of at least 1, "FIRST,LAST", in order, as a tuple."""

        def convert(given):
            numbers = given.split(",")
            if len(numbers) == 2 and all(number.strip().isdecimal() for number in numbers):
                first, last = map(int, numbers)
                if 1 <= first <= last:
                    return first, last
            raise argument_error(
                f"--{name}", "two integers FIRST,LAST with 1 <= FIRST <= LAST", given
            )

        self._define(name, convert, value, text, None, shown)

    def choice(self, name, choices, text, default=None, shown=None):
        """Adds a flag that takes one of the strings in `choices`; the rest as for `text`."""
        value = "|".join(choices)
        if len(value) > _LONGEST_VALUE:
            value, text = "NAME", f"One of {', '.join(choices)}. {text}"
        self._define_parsed(parameters.Choice(text, choices), name, value, default, shown)

    def boolean(self, name, text, default=False, shown=None):
        """Adds a flag that is set by --name and unset by --noname."""

        def convert(given):
            if given.lower() not in _TRUE + _FALSE:
                raise argument_error(f"--{name}", f"given as --{name} or --no{name}", given)
            return given.lower() in _TRUE

        shown = shown or ("on" if default else "off")
        self._define(name, convert, "", text, default, shown, boolean=True)

    def _define_parsed(self, parameter, name, value, default, shown):
        def convert(given):
            return parameter.parse(f"--{name}", given)

        self._define(name, convert, value, parameter.text, default, shown)

    def _define(self, name, convert, value, text, default, shown, boolean=False):
        flag = flags.Flag(_Parser(convert=convert), None, name, default, text, boolean=boolean)
        flags.DEFINE_flag(flag, self._values)
        shown = str(default) if shown is None else shown
        self.entries.append(FlagEntry(name, value, text, shown, self._group))

    # === Parsing ===

    def parse(self, arguments):
        """Returns the parsed flags, whose values are attributes.

        Args:
            arguments: a list of what stands on the command line after the command.

        Raises:
            CommandLineError: for flags that do not exist, lack a value or have one that is not
                allowed, for required ones that are missing, and for anything that is no flag.
        """
        try:
            rest = self._values(["", *arguments])[1:]
        except flags.UnrecognizedFlagError as error:
            near = suggestions.flag(error.flagname, self.entries)
            hint = f"Did you mean --{near}?" if near else "See --help."
            raise CommandLineError(f"There is no flag --{error.flagname}. {hint}") from error
        except (flags.Error, ValueError) as error:
            raise CommandLineError(str(error)) from error
        if rest:
            raise CommandLineError(
                f"All arguments must be flags, --name=value. Received: {rest[0]!r}. See --help."
            )
        for name, value in self._required.items():
            if getattr(self._values, name) is None:
                raise CommandLineError(f"Flag --{name}={value} must be given. See --help.")
        return self._values

    def names(self):
        """Returns the names of all flags."""
        return [entry.name for entry in self.entries]


class _Parser(flags.ArgumentParser):
    """Converts what stands after "="; its errors pass absl, which would reword others."""

    def __init__(self, convert):
        self._convert = convert

    def parse(self, argument):
        if not isinstance(argument, str):
            return argument  # a default
        try:
            return self._convert(argument)
        except (ValueError, TypeError) as error:
            raise CommandLineError(str(error)) from error
