"""How much the classes that a model is made of know of each other.

    python tools/shared_attributes.py

For each class of this package in a model's line of inheritance: which attributes it reads through
`self` that another of them defines, methods included, and not it itself.
"""

import ast
import inspect
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, os.getcwd())


def own_and_read(cls):
    """Returns (the attributes that `cls` defines, those that it reads through `self`), two sets."""
    (tree,) = ast.parse(inspect.getsource(cls)).body
    own, read = set(), set()
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            own.add(node.name)
        if isinstance(node, ast.Assign):
            own |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and getattr(node.value, "id", None) == "self":
            (own if isinstance(node.ctx, ast.Store) else read).add(node.attr)
    return own, read


def shared(model_class):
    """Returns {(reader, owner): the attributes of the owner that the reader reads, sorted}."""
    line = [cls for cls in model_class.__mro__ if cls.__module__.startswith("keras_infovae")]
    known = {cls: own_and_read(cls) for cls in line}
    found = {}
    for reader, (own, read) in known.items():
        for owner, (defined, _) in known.items():
            names = sorted((read - own) & defined)
            if reader is not owner and names:
                found[reader.__name__, owner.__name__] = names
    return found


def main():
    import keras_infovae as ki

    for (reader, owner), names in shared(ki.InfoVAE).items():
        print(f"{reader} reads {len(names)} of {owner}: {', '.join(names)}")


if __name__ == "__main__":
    main()
