"""The kinds of parameters: numbers, words, members of families."""

import dataclasses
import numbers
from typing import Any

from keras_infovae.utils.checks import (
    argument_error,
    check_choice,
    check_integer,
    check_integers,
    check_number,
)


@dataclasses.dataclass(frozen=True, repr=False)
class Parameter:
    """What an argument may be. A member defines `check`, and `parse` for what is no text.

    Args:
        text: what it is, for the help page: sentences.
        search: what a search tries if it is told nothing: a list, or a range (low, high). Default
            None: the argument's default alone.
        suggestion: what the command line takes for an argument without a default. Default None: it
            must be given there too.
        shown: the default in words, where it is None. Default None.
        unit: what stands for a value on the help page. Default None: the member's own word.
    """

    text: str
    _: dataclasses.KW_ONLY
    search: Any = None
    suggestion: Any = None
    shown: str | None = None
    unit: str | None = None

    has_ranges = False  # whether a search may draw from (low, high)
    logarithmic = False  # whether it does so evenly in the logarithm

    def check(self, name: str, value: Any) -> Any:
        """Returns `value`; raises ValueError or TypeError, naming the argument, if it cannot be."""
        raise NotImplementedError(f"{type(self).__name__} does not define `check`")

    def parse(self, name: str, text: str) -> Any:
        """Returns the value that `text` stands for, checked."""
        return self.check(name, text)

    @property
    def placeholder(self) -> str:
        """What stands for a value on the help page."""
        return self.unit or "NAME"

    @property
    def limits(self) -> str:
        """What a value may be, as a sentence; "" where there is nothing to say."""
        return ""

    def __repr__(self):  # in signatures
        return f"<{' '.join([type(self).__name__, self.limits]).strip()}>"


@dataclasses.dataclass(frozen=True, repr=False)
class Number(Parameter):
    """A finite number.

    Args:
        minimum, maximum, exclusive_minimum: limits. Default None: no such limit.
        words: words that may stand in the number's place. Default none.
        logarithmic: whether a search draws from a range evenly in the logarithm. Default False.
    """

    minimum: float | None = None
    maximum: float | None = None
    exclusive_minimum: float | None = None
    words: tuple = ()
    logarithmic: bool = False

    has_ranges = True
    _kinds = ("a number",)

    def check(self, name: str, value: Any) -> Any:
        if isinstance(value, str) and self.words:
            if value not in self.words:
                raise argument_error(name, _either(*self._kinds, *map(repr, self.words)), value)
            return value
        return self._check(name, value, self.minimum, self.maximum, self.exclusive_minimum)

    _check = staticmethod(check_number)

    def parse(self, name: str, text: str) -> Any:
        if text in self.words:
            return text
        try:
            value = float(text)
        except ValueError:
            expected = _either("a number", *map(repr, self.words))
            raise argument_error(name, expected, text) from None
        return self.check(name, value)

    @property
    def placeholder(self) -> str:
        return "|".join([self.unit or "NUMBER", *self.words])

    @property
    def limits(self) -> str:
        bounds = {
            "at least": self.minimum,
            "at most": self.maximum,
            "greater than": self.exclusive_minimum,
        }
        said = [f"{words} {bound:g}" for words, bound in bounds.items() if bound is not None]
        return " and ".join(said)


class Weight(Number):
    """A number as `Number`, or a `Schedule` that stays within its limits."""

    _kinds = ("a number", "a schedule")

    @staticmethod
    def _check(name, value, *limits):
        if isinstance(value, numbers.Real) and not isinstance(value, bool):
            return check_number(name, value, *limits)
        from keras_infovae import schedules  # which brings Keras along

        return schedules.check_weight(name, value, *limits)


@dataclasses.dataclass(frozen=True, repr=False)
class Integer(Parameter):
    """An integer.

    Args:
        minimum: default 1.
    """

    minimum: int = 1

    has_ranges = True

    def check(self, name: str, value: Any) -> Any:
        return check_integer(name, value, self.minimum)

    def parse(self, name: str, text: str) -> Any:
        try:
            value = int(text)
        except ValueError:
            raise argument_error(name, f"an integer of at least {self.minimum}", text) from None
        return self.check(name, value)

    @property
    def placeholder(self) -> str:
        return self.unit or "INTEGER"

    @property
    def limits(self) -> str:
        return f"at least {self.minimum}"


@dataclasses.dataclass(frozen=True, repr=False)
class Choice(Parameter):
    """One of a few words.

    Args:
        words: the words.
    """

    words: tuple

    def check(self, name: str, value: Any) -> Any:
        return check_choice(name, value, self.words)

    @property
    def placeholder(self) -> str:
        return "|".join(self.words)


@dataclasses.dataclass(frozen=True, repr=False)
class Member(Parameter):
    """A member of a family: its name, or an object that the constructor itself looks at.

    Args:
        family: the module of the family, such as `ki.priors`.
        words: words that may stand in the member's place. Default none.
    """

    family: Any
    words: tuple = ()

    def check(self, name: str, value: Any) -> Any:
        if not isinstance(value, str) or value in self.words:
            return value
        return check_choice(name, value, self.names)

    @property
    def names(self) -> dict[str, type]:
        """All names of all members."""
        return self.family.registry.members

    @property
    def limits(self) -> str:
        first = {cls: name for name, cls in reversed(self.names.items())}  # no abbreviations
        return f"one of {', '.join(sorted(first.values()))}"

    def __repr__(self):
        return f"<Member of {self.family.__name__.rpartition('.')[2]}>"


@dataclasses.dataclass(frozen=True, repr=False)
class Sizes(Parameter):
    """Integers as text, such as "256-128"."""

    def check(self, name, value):
        if not isinstance(value, str) or not all(part.isdecimal() for part in value.split("-")):
            raise argument_error(name, "integers as text, such as '256-128'", value)
        return value

    @property
    def placeholder(self):
        return "SIZE-SIZE-..."


@dataclasses.dataclass(frozen=True, repr=False)
class Widths(Sizes):
    """Integers, as text such as "256-128" or as a sequence, which becomes such text."""

    def check(self, name, value):
        if isinstance(value, str):
            return super().check(name, value)
        return "-".join(map(str, check_integers(name, value)))


@dataclasses.dataclass(frozen=True, repr=False)
class OptimizerName(Parameter):
    """The name of a Keras optimizer."""

    def check(self, name, value):
        import keras  # which brings TensorFlow along

        try:
            keras.optimizers.get(value)
        except ValueError:  # Keras's own words do not name the argument
            raise argument_error(name, "a Keras optimizer's name", value) from None
        return value

    def parse(self, name, text):
        return text  # Keras is not there yet where flags are read


def _either(*kinds):
    return " or ".join([", ".join(kinds[:-1])] * (len(kinds) > 1) + [kinds[-1]])


# Of several models.
LATENT_DIM = Integer(
    "Dimensions of z, the code.", suggestion=16, search=[8, 16, 32], unit="DIMENSIONS"
)
SEVERAL_LATENTS = dataclasses.replace(LATENT_DIM, minimum=2)
NETWORK_BY_SHAPE = "conv for images with sides of at least 8, else mlp"
