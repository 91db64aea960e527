"""Writes tests/public_api.txt: every public name with its signature.

A change of that file is a change that users see; it belongs into CHANGELOG.md.
"""

import functools
import inspect
import pathlib

FILE = pathlib.Path(__file__).resolve().parent.parent / "tests" / "public_api.txt"


def public_api():
    """Returns the text of the file."""
    import keras_infovae

    return "\n".join(_lines("ki", keras_infovae)) + "\n"


def _lines(prefix, module):
    for name in sorted(module.__all__):
        value = getattr(module, name)
        full = f"{prefix}.{name}"
        if inspect.ismodule(value):
            yield from _lines(full, value)
        elif inspect.isclass(value):
            yield f"{full}{_signature(value.__init__, skip=1)}"
            yield from _members(full, value)
        elif callable(value):
            yield f"{full}{_signature(value)}"
        else:
            yield full


def _members(prefix, cls):
    """Yields the public methods and properties that `cls` adds to its public base."""
    ours = [base for base in cls.__mro__ if base.__module__.startswith("keras_infovae")]
    inherited = {name for base in ours[1:] if base in _classes() for name in dir(base)}
    names = {name for base in ours for name in vars(base) if not name.startswith("_")}
    names -= inherited - set(vars(cls))
    for name in sorted(names):
        value = inspect.getattr_static(cls, name)
        if isinstance(value, property):
            yield f"{prefix}.{name}"
        elif isinstance(value, classmethod):
            yield f"{prefix}.{name}{_signature(value.__func__, skip=1)}"
        elif isinstance(value, staticmethod):
            yield f"{prefix}.{name}{_signature(value.__func__)}"
        elif inspect.isfunction(value):
            yield f"{prefix}.{name}{_signature(value, skip=1)}"


@functools.cache
def _classes():
    """Returns all public classes."""
    import keras_infovae

    modules = [keras_infovae, *filter(inspect.ismodule, vars(keras_infovae).values())]
    return {
        value
        for module in modules
        for value in (getattr(module, name) for name in getattr(module, "__all__", ()))
        if inspect.isclass(value)
    }


def _signature(function, skip=0):
    signature = inspect.signature(function)
    parameters = list(signature.parameters.values())[skip:]
    return str(signature.replace(parameters=parameters))


if __name__ == "__main__":
    FILE.write_text(public_api(), encoding="utf-8")
