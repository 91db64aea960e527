"""Checks of the data that a model is given, before anything is trained or computed."""

import numpy as np
import tensorflow as tf

from keras_infovae.utils.arrays import check_finite


def as_example_array(x, name="x"):
    """Returns `x` as a NumPy float32 array [examples, ...].

    Raises:
        TypeError: for strings, objects and integers (which have no agreed scale).
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
    if x.dtype.kind != "f":
        raise TypeError(
            f"Argument `{name}` must be floating point. Received: dtype={x.dtype}. "
            "Convert it: x.astype('float32') / 255 for 8-bit images, x.astype('float32') for "
            "numbers that have their scale already."
        )
    with np.errstate(over="ignore"):  # what is too large for float32 is found to be infinite
        return x.astype("float32", copy=False)


def check_values(x, likelihood, name="x"):
    """Raises ValueError unless `x` is finite and in the range that `likelihood` can describe."""
    check_finite(name, x)
    low, high = float(np.min(x)), float(np.max(x))
    too_low = likelihood.minimum is not None and low < likelihood.minimum
    too_high = likelihood.maximum is not None and high > likelihood.maximum
    if too_low or too_high:
        raise ValueError(
            f"Argument `{name}` must lie in [{likelihood.minimum:g}, {likelihood.maximum:g}] for "
            f"the likelihood {type(likelihood).__name__}. Received: values from {low:g} to "
            f"{high:g}. {likelihood.out_of_range_advice}"
        )


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


def first_batch(x, name="x"):
    """Returns the first batch of a `tf.data.Dataset` or `PyDataset`, as NumPy.

    Raises:
        ValueError: when there is none.
    """
    if isinstance(x, tf.data.Dataset):
        batches = x.take(1)
    else:
        batches = [] if x.num_batches == 0 else [x[0]]
    for batch in batches:
        return np.asarray(unpack_x(batch, name))
    raise ValueError(f"Argument `{name}` must not be empty. Received: a dataset without batches")
