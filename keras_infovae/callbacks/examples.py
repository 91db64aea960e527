"""The examples that a callback looks at."""

from keras_infovae.utils.checks import argument_error


def as_examples(x, condition):
    """Returns [`x`, `condition`], as they are: it is the model that knows their numbers.

    Args:
        x: array [n, ...], a DataFrame, or a list of texts, with at least two examples.
        condition: as many rows or labels, or None.

    Raises:
        ValueError, TypeError: naming the argument.
    """
    for name, value in (("x", x), ("condition", condition)):
        is_known = hasattr(value, "__array__") or isinstance(value, (list, tuple))
        if not (is_known or (name == "condition" and value is None)):
            raise argument_error(name, "an array", type(value), TypeError)
    if len(x) < 2:
        raise ValueError(f"Argument `x` must hold at least 2 examples. Received: {len(x)}")
    if condition is not None and len(condition) != len(x):
        raise ValueError(
            "Argument `condition` must have one row per example. "
            f"Received: {len(condition)} rows for {len(x)} examples"
        )
    return [x, condition]
