"""What the package's sources say of models and of lists of names, read without importing them.

TensorFlow takes seconds to import, and a help page needs none of it: what it says of models is in
the annotations of their constructors. Classes are read as stand-ins that have the constructor's
signature and those attributes that are literals; the kinds of parameters are imported.
"""

import ast
import contextlib
import functools
import inspect
import os
import types

from keras_infovae.parameters import kinds

_PACKAGE = "keras_infovae"
_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@functools.cache
def models():
    """Returns {name: stand-in} of the package's registered models."""
    found = {}
    for statement in _statements(f"{_PACKAGE}.models"):
        if isinstance(statement, ast.ImportFrom):
            found |= _registered(statement.module)
    return found


def _registered(module):
    found = {}
    for statement in _statements(module):
        for decorator in getattr(statement, "decorator_list", []):
            match decorator:
                case ast.Call(func=ast.Name(id="register_model"), args=[ast.Constant(value=name)]):
                    found[name] = read(module, statement.name)
    return found


@functools.cache
def read(module, name):
    """Returns what `name` stands for in a module of the package: a value, a stand-in, a family.

    Args:
        module: the dotted name of the module.
        name: of a constant, a class, or something that the module imports from the package.

    Raises:
        LookupError: for anything else.
    """
    if module == kinds.__name__:
        return getattr(kinds, name)
    for statement in _statements(module):
        match statement:
            case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                return _value(value, module)
            case ast.ClassDef(name=target) if target == name:
                return _stand_in(statement, module)
            case ast.ImportFrom(module=source, names=aliases) if _imports(aliases, name):
                part = f"{source}.{name}"
                if source.startswith(_PACKAGE):
                    return _family(part) if _path(part) else read(source, name)
    raise LookupError(f"{module} has no {name} that can be read")


def _imports(aliases, name):
    return any(alias.name == name and alias.asname is None for alias in aliases)


def _path(module):
    """Returns the file of a module, or None."""
    path = os.path.join(_ROOT, *module.split("."))
    for file in (f"{path}.py", os.path.join(path, "__init__.py")):
        if os.path.isfile(file):
            return file
    return None


@functools.cache
def _statements(module):
    with open(_path(module), encoding="utf-8") as file:
        return ast.parse(file.read()).body


def _family(module):
    """Returns a stand-in for the module of a family, whose registry has names for classes."""
    for statement in _statements(module):
        match statement:
            case ast.Assign(
                targets=[ast.Name(id="registry")], value=ast.Call(args=[*_, ast.Dict() as members])
            ):
                pairs = zip(members.keys, members.values)
                names = {ast.literal_eval(alias): ast.unparse(cls) for alias, cls in pairs}
                registry = types.SimpleNamespace(members=names)
                return types.SimpleNamespace(__name__=module, registry=registry)
    raise LookupError(f"{module} has no registry that can be read")


def _stand_in(definition, module):
    bases = (read(module, base.id) for base in definition.bases if isinstance(base, ast.Name))
    namespace = {"__module__": module}
    for statement in definition.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant() | ast.Tuple()):
                with contextlib.suppress(ValueError):  # not written as it is
                    namespace[name] = ast.literal_eval(statement.value)
            case ast.FunctionDef(name="__init__", args=arguments):
                namespace["__init__"] = _constructor(arguments, module)
    return type(definition.name, tuple(bases), namespace)


def _constructor(arguments, module):
    """Returns a function that does nothing and has the signature of `arguments`."""
    kinds = inspect.Parameter
    first = arguments.posonlyargs + arguments.args
    defaults = [None] * (len(first) - len(arguments.defaults)) + arguments.defaults
    rows = [
        (argument, kinds.POSITIONAL_OR_KEYWORD, given) for argument, given in zip(first, defaults)
    ]
    pairs = zip(arguments.kwonlyargs, arguments.kw_defaults)
    rows += [(argument, kinds.KEYWORD_ONLY, given) for argument, given in pairs]
    if arguments.kwarg is not None:
        rows.append((arguments.kwarg, kinds.VAR_KEYWORD, None))

    def constructor(self, *given, **settings):
        pass

    constructor.__signature__ = inspect.Signature(
        [
            inspect.Parameter(
                argument.arg,
                kind,
                default=kinds.empty if default is None else _value(default, module),
                annotation=_parameter(argument.annotation, module),
            )
            for argument, kind, default in rows
        ]
    )
    return constructor


def _parameter(node, module):
    """Returns the `Parameter` that annotates an argument, made there or a constant; else empty."""
    is_constant = isinstance(node, ast.Name) and node.id.isupper()
    if isinstance(node, ast.Call) or is_constant:
        return _value(node, module)
    return inspect.Parameter.empty


def _value(node, module):
    """Returns the value of an expression: literals, names, and calls of what a name stands for."""
    match node:
        case ast.Name(id=name):
            return read(module, name)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=keywords):
            given = {keyword.arg: _value(keyword.value, module) for keyword in keywords}
            return read(module, name)(*(_value(item, module) for item in arguments), **given)
        case ast.List(elts=items):
            return [_value(item, module) for item in items]
        case ast.Tuple(elts=items):
            return tuple(_value(item, module) for item in items)
        case ast.Dict(keys=keys, values=values):
            return {_value(key, module): _value(item, module) for key, item in zip(keys, values)}
    return ast.literal_eval(node)
