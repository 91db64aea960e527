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
        for name in sorted(read - own):
            # Where several define it, that which is nearest to the base.
            owners = [cls for cls, (defined, _) in known.items() if name in defined]
            if owners:
                found.setdefault((reader.__name__, owners[-1].__name__), []).append(name)
    return found


def main():
    import keras_infovae as ki

    for (reader, owner), names in shared(ki.InfoVAE).items():
        print(f"{reader} reads {len(names)} of {owner}: {', '.join(names)}")


if __name__ == "__main__":
    main()
