"""What constructors take, parents' arguments included."""

import inspect

_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def constructor_parameters(cls):
    """Returns {argument: `inspect.Parameter`} of what the constructor of `cls` takes.

    A constructor with `**settings` passes them to its parent's, whose arguments are then its own,
    but for those in `fixed_arguments`. An argument without an annotation has that of the nearest
    class above which gives it one.
    """
    found, passes_on = {}, True
    for base in cls.__mro__:
        if "__init__" not in vars(base):
            continue
        parameters = inspect.signature(vars(base)["__init__"]).parameters.values()
        for parameter in parameters:
            nearer = found.get(parameter.name)
            if nearer is not None and nearer.annotation is inspect.Parameter.empty:
                found[parameter.name] = nearer.replace(annotation=parameter.annotation)
            elif nearer is None and passes_on and parameter.kind in _NAMED:
                found[parameter.name] = parameter
        passes_on = passes_on and any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters)
    fixed = ("self", *getattr(cls, "fixed_arguments", ()))
    return {name: parameter for name, parameter in found.items() if name not in fixed}
