"""The settings of another library, checked as strictly as our own."""

from keras_infovae.utils.checks import argument_error, check_choice, check_integer, check_number


class Settings:
    """Reads values by name, over defaults; names errors as "settings['alpha']".

    Args:
        given: a dictionary, None for no settings, or one with sections (a whole config file), whose
            keys are then taken together.
        defaults: {name: default} of all that is read.
        ignored: names of keys and sections that do not bear on the loss.

    Raises:
        TypeError: if `given` is no dictionary.
        ValueError: for a key that is neither read nor ignored.
    """

    def __init__(self, given, defaults, ignored=()):
        if given is not None and not isinstance(given, dict):
            raise argument_error("settings", "a dictionary or None", given, TypeError)
        self._values = dict(defaults)
        for key, value in _flat(given or {}, ignored):
            if key not in ignored:
                self._values[check_choice("key of settings", key, defaults)] = value

    def number(self, name, **limits):
        """Returns a float; `limits` as for `check_number`."""
        return check_number(f"settings[{name!r}]", self._values[name], **limits)

    def integer(self, name, minimum=1):
        """Returns an int of at least `minimum`."""
        return check_integer(f"settings[{name!r}]", self._values[name], minimum)

    def choice(self, name, choices):
        """Returns one of the strings in `choices`."""
        return check_choice(f"settings[{name!r}]", self._values[name], choices)

    def value(self, name):
        """Returns the value as it is."""
        return self._values[name]


def _flat(given, ignored):
    for key, value in given.items():
        if isinstance(value, dict) and key not in ignored:
            yield from value.items()
        else:
            yield key, value
