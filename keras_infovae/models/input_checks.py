"""Checks of the data that a model is given, before anything is trained or computed."""

import numpy as np
import tensorflow as tf

from keras_infovae.utils.arrays import check_finite


def as_example_array(x, name="x", integers=False):
    """Returns `x` as a NumPy float32 array [examples, ...].

    Args:
        x: what converts to an array.
        name: the argument's name, for the error.
        integers: whether integers are taken as they are (counts). Default False.

    Raises:
        TypeError: for strings, objects and, by default, integers (which have no agreed scale).
        ValueError: for ragged, empty or one-dimensional input.
    """
    if hasattr(x, "to_numpy"):
        x = x.to_numpy()
    try:
        x = np.asarray(x)
    except ValueError:
        x = np.empty(0, dtype=object)
    if x.dtype == object:
        raise ValueError(
            f"Argument `{name}` must be a rectangular numeric array. Received: a ragged list or an "
            "array of Python objects. Every example must have the same shape."
        )
    if x.dtype.kind not in "fiub":
        raise TypeError(f"Argument `{name}` must be numeric. Received: dtype={x.dtype}")
    if x.ndim < 2:
        raise ValueError(
            f"Argument `{name}` must have shape [examples, ...] with at least one axis per "
            f"example. Received: shape={x.shape}. (Labels are not data; for one feature, use "
            "x[:, None].)"
        )
    if 0 in x.shape:
        raise ValueError(f"Argument `{name}` must not be empty. Received: shape={x.shape}")
    if x.dtype.kind != "f" and not integers:
        raise TypeError(
            f"Argument `{name}` must be floating point. Received: dtype={x.dtype}. "
            "Convert it: x.astype('float32') / 255 for 8-bit images, x.astype('float32') for "
            "numbers that have their scale already."
        )
    with np.errstate(over="ignore"):  # what is too large for float32 is found to be infinite
        return x.astype("float32", copy=False)


def check_values(x, likelihood, name="x"):
    """Raises ValueError unless `x` is finite and what `likelihood` can describe."""
    check_finite(name, x)
    likelihood.check_range(name, x)
    likelihood.check_values(name, x)


def check_event_shape(x_shape, event_shape, name="x"):
    """Raises ValueError unless `x_shape` is [n, *event_shape], as far as it is known."""
    if getattr(x_shape, "rank", 0) is None:
        return  # an unknown shape, which can only be checked when there are numbers
    received = tuple(x_shape)[1:]
    same = [side is None or side == expected for side, expected in zip(received, event_shape)]
    if len(received) != len(event_shape) or not all(same):
        raise ValueError(
            f"Argument `{name}` must have shape [examples, {', '.join(map(str, event_shape))}], as "
            f"the model was built for. Received: shape={tuple(x_shape)}"
        )


def unpack_x(data, name="x"):
    """Returns x from what Keras hands to a step: x, (x,), or a tuple padded with None.

    Raises:
        ValueError: when targets or sample weights come with x; there is nothing to use them for,
            and ignoring them in silence would hide a mistake.
    """
    if isinstance(data, tuple):
        if any(part is not None for part in data[1:]):
            raise ValueError(
                f"Argument `{name}` must come alone: a variational autoencoder is trained on x "
                "without targets or sample weights. Received: more than x. Pass fit(x), "
                "validation_data=(x_valid,), or dataset.map(lambda x, y: x)."
            )
        data = data[0]
    return data


def unpack_inputs(data, conditional, name="x"):
    """Returns (x, condition) from what Keras hands to a step; condition None if not `conditional`.

    A conditional model is given (x, condition), alone or within a tuple of one.
    """
    if not conditional:
        return unpack_x(data, name), None
    while isinstance(data, (tuple, list)) and len(data) > 1 and data[-1] is None:
        data = data[:-1]
    if isinstance(data, (tuple, list)) and len(data) == 1:
        data = data[0]
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        raise ValueError(
            f"Argument `{name}` must come with a condition, as (x, condition): the model takes "
            f"both. Received: {type(data).__name__}"
        )
    return tuple(data)


def is_arrays(x):
    """Returns whether `x` is an array or a tuple of arrays, rather than a dataset."""
    return isinstance(x, np.ndarray) or (
        isinstance(x, tuple) and all(isinstance(part, np.ndarray) for part in x)
    )


def first_batch(x, conditional=False, name="x"):
    """Returns the first batch of a `tf.data.Dataset` or `PyDataset`, as NumPy; or a pair of both.

    Raises:
        ValueError: when there is none.
    """
    if isinstance(x, tf.data.Dataset):
        batches = x.take(1)
    else:
        batches = [] if x.num_batches == 0 else [x[0]]
    for batch in batches:
        x, condition = unpack_inputs(batch, conditional, name)
        return (np.asarray(x), np.asarray(condition)) if conditional else np.asarray(x)
    raise ValueError(f"Argument `{name}` must not be empty. Received: a dataset without batches")
