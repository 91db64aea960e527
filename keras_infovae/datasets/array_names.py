"""What the arrays of a `.npz` file are, by their names."""

from keras_infovae.datasets.reading import source_error

# The first name of each is the one that docs and errors use.
_EXAMPLES = ("x", "images", "image", "data", "features")
_LABELS = ("y", "labels", "label", "targets", "target")
_SPLITS = {
    "train": "train",
    "training": "train",
    "valid": "validation",
    "val": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}


def split_named(name):
    """Returns the split that a file or folder of this name has, or None."""
    return _SPLITS.get(name.casefold())


def roles(path, names):
    """Returns {(kind, split): name}; kind is "x" or "y", split None where there are no splits.

    `x` and `y` may be called `images` and `labels` and the like, in any case, and `_train`,
    `_valid` or `_test` may stand behind or before (`train_images`). A single array of any other
    name is x.

    Args:
        path: the file, for errors.
        names: of its arrays.

    Raises:
        ValueError: when no array is x, or it is not plain which one is.
    """
    candidates = {}
    for name in names:
        candidates.setdefault(_role(name), []).append(name)
    candidates.pop(None, None)
    found = {}
    for role, called in candidates.items():
        plain = [name for name in called if _base(name)[0] == role[0]]  # x before images
        if len(plain or called) > 1:
            raise source_error(path, "have one array of each kind", _listed(plain or called))
        found[role] = (plain or called)[0]
    others = [name for name in names if _role(name) is None]
    if ("x", None) not in found and ("x", "train") not in found:
        if len(others) != 1 or any(kind == "x" for kind, _ in found):
            raise source_error(
                path, "have an array `x`, or `x_train` and `x_test`, or only one array", _has(names)
            )
        found["x", None] = others[0]
    splits = {split for kind, split in found if kind == "x"}
    if None in splits and len(splits) > 1:
        raise source_error(path, "have either `x` or `x_train` and `x_test`", _has(names))
    return {role: name for role, name in found.items() if role[1] in splits}


def _role(name):
    """Returns the kind and the split of one array, or None."""
    base, split = _base(name)
    kinds = [kind for kind, known in (("x", _EXAMPLES), ("y", _LABELS)) if base in known]
    return (kinds[0], split) if kinds else None


def _base(name):
    """Returns a name in lower case without its split, and the split or None."""
    name = name.casefold()
    for word, split in _SPLITS.items():
        if name.endswith(f"_{word}"):
            return name.removesuffix(f"_{word}"), split
        if name.startswith(f"{word}_"):
            return name.removeprefix(f"{word}_"), split
    return name, None


def _has(names):
    return f"it has {_listed(names) or 'no arrays'}"


def _listed(names):
    return ", ".join(map(repr, names))
