"""Prints as JSON what the registered models are called and take, without importing TensorFlow."""

import inspect
import json
import sys

sys.argv[0] = "keras-infovae"  # a process of this name reads sources where others import

from keras_infovae.cli import register  # noqa: E402
from keras_infovae.cli.setting_flags import default_words  # noqa: E402
from keras_infovae.parameters.kinds import Choice, Member  # noqa: E402


def rows(model_class):
    """Yields (argument, limits, default, search) of the settings of a class, as words."""
    searched = register.hyperparameters_of(model_class)
    for name, (parameter, default) in register.settings_of(model_class).items():
        needed = default is inspect.Parameter.empty
        shown = "needed" if needed else default_words(name, parameter, default)
        yield name, _limits(parameter), shown, _search(searched.get(name, (None,))[0])


def _limits(parameter):
    match parameter:
        case Member(family=family):
            return f"a name of `ki.{family.__name__.rpartition('.')[2]}`"
        case Choice(words=words):
            return " or ".join(f'"{word}"' for word in words)
    return parameter.limits


def _search(parameter):
    space = getattr(parameter, "search", None)
    if space is None:
        return ""
    if isinstance(space, tuple):
        return f"{space[0]:g} to {space[1]:g}"
    return ", ".join(f"{value:g}" if isinstance(value, float) else str(value) for value in space)


if __name__ == "__main__":
    found = {
        name: {"class": cls.__name__, "settings": list(rows(cls))}
        for name, cls in register.members().items()
    }
    json.dump(found, sys.stdout)
