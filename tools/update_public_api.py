"""Writes tests/public_api.txt: every public name with its signature.

A change of that file is a change that users see; it belongs into CHANGELOG.md.
"""

import ast
import functools
import inspect
import pathlib
import sys

OURS = "keras_infovae"
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
            yield f"{full}{_signature(value.__init__, skip=1, returns=False)}"
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


def _signature(function, skip=0, returns=True):
    signature = inspect.signature(function)
    function = inspect.unwrap(function)
    module = getattr(function, "__module__", None) or ""
    types = _types(module).get(function.__qualname__, {}) if module.startswith(OURS) else {}
    parameters = [
        parameter.replace(annotation=types.get(parameter.name, parameter.annotation))
        for parameter in list(signature.parameters.values())[skip:]
    ]
    result = types.get("return", signature.return_annotation) if returns else signature.empty
    return str(signature.replace(parameters=parameters, return_annotation=result))


class _Written(str):
    """A type as the source has it, so that it reads alike on each Python."""

    def __repr__(self):
        return str(self)


@functools.cache
def _types(module):
    """Returns {function: {argument or "return": its type}} of a module's own functions."""
    source = pathlib.Path(sys.modules[module].__file__).read_text(encoding="utf-8")
    return dict(_functions(ast.parse(source).body, ""))


def _functions(body, prefix):
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from _functions(node.body, f"{prefix}{node.name}.")
        elif isinstance(node, ast.FunctionDef):
            rest = [one for one in (node.args.vararg, node.args.kwarg) if one is not None]
            arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, *rest]
            nodes = {one.arg: one.annotation for one in arguments} | {"return": node.returns}
            # A call, and a constant, is one of `ki.parameters`, which says itself what may be.
            yield (
                prefix + node.name,
                {
                    name: _Written(ast.unparse(one).replace("'", '"').strip('"'))
                    for name, one in nodes.items()
                    if one is not None
                    and not isinstance(one, ast.Call)
                    and not (isinstance(one, ast.Name) and one.id.isupper())
                },
            )


if __name__ == "__main__":
    FILE.write_text(public_api(), encoding="utf-8")
