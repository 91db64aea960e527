"""What kind of thing a model is given as data, and its examples as arrays."""

import collections.abc
import itertools
import types

import keras
import numpy as np
import tensorflow as tf

from keras_infovae.utils.pipelines import without_autograph

DEFAULT_BATCH_SIZE = 32  # examples; Keras's
_ALONE = (
    "must come alone: a generative model is trained on x without targets or sample weights. "
    "Received: more than x. Pass fit(x), validation_data=(x_valid,), or dataset.map(lambda x, y: "
    "x)."
)


def is_dataset(x):
    """Returns whether `x` gives batches: a `tf.data.Dataset` or a `PyDataset`."""
    return isinstance(x, (tf.data.Dataset, keras.utils.PyDataset))


def is_arrays(x):
    """Returns whether `x` is an array or a tuple of arrays, rather than a dataset."""
    return isinstance(x, np.ndarray) or (
        isinstance(x, tuple) and all(isinstance(part, np.ndarray) for part in x)
    )


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
    x = _as_array(x, name)
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


def _as_array(x, name):
    """Returns `x` as a NumPy array; raises for what has no rows of numbers, saying what it is."""
    if isinstance(x, np.ma.MaskedArray) and np.ma.is_masked(x):
        raise ValueError(
            f"Argument `{name}` must have a value in each place. Received: a masked array with "
            f"{int(np.ma.getmaskarray(x).sum())} hidden values. Fill them, or leave out the rows."
        )
    kind = _kind(x)
    if kind is not None:
        raise TypeError(f"Argument `{name}` must be an array or a dataset. Received: {kind}")
    if isinstance(x, (list, tuple)) and any(getattr(part, "ndim", 0) >= 2 for part in x):
        raise ValueError(
            f"Argument `{name}` must be one array of examples. Received: a list of {len(x)} arrays "
            f"of shapes {[tuple(np.shape(part)) for part in x][:3]}. Join them by np.concatenate, "
            "or by np.stack where each is one example."
        )
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
    return x


def _kind(x):
    """Returns in words what `x` is where it can be no array, else None."""
    if isinstance(x, (tf.SparseTensor, tf.RaggedTensor)):
        return f"a {type(x).__name__}; convert it by tf.sparse.to_dense or its to_tensor()"
    if hasattr(x, "toarray") and hasattr(x, "nnz"):
        return f"a sparse matrix ({type(x).__name__}); convert it by its toarray()"
    if isinstance(x, collections.abc.Mapping):
        return f"a dictionary of {sorted(map(str, x))[:5]}; stack its columns into one array"
    if not hasattr(x, "__array__") and not isinstance(x, (list, tuple)):
        return repr(type(x))
    return None


def unpack(data, conditional, name="x"):
    """Returns (x, condition) from what Keras hands to a step; condition None if not `conditional`.

    A conditional model is given (x, condition), alone or within a tuple of one.

    Raises:
        ValueError: when targets or sample weights come with x; there is nothing to use them for,
            and ignoring them in silence would hide a mistake.
    """
    while isinstance(data, (tuple, list)) and len(data) > 1 and data[-1] is None:
        data = data[:-1]
    if isinstance(data, tuple) and len(data) == 1:
        data = data[0]
    if not conditional:
        if isinstance(data, tuple):
            raise ValueError(f"Argument `{name}` {_ALONE}")
        return data, None
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        raise ValueError(
            f"Argument `{name}` must come with a condition, as (x, condition): the model takes "
            f"both. Received: {type(data).__name__}"
        )
    return tuple(data)


def iterate(dataset):
    """Gives the batches of a `tf.data.Dataset` or `PyDataset` in turn."""
    if isinstance(dataset, tf.data.Dataset):
        yield from dataset
    else:
        yield from (dataset[i] for i in range(dataset.num_batches))


def spec_of_batches(dataset):
    """Returns the `TensorSpec` of x in the batches of a `tf.data.Dataset`, else None."""
    spec = dataset.element_spec if isinstance(dataset, tf.data.Dataset) else None
    while isinstance(spec, tuple) and spec:
        spec = spec[0]
    return spec


def with_batches(data, batch_size):
    """Returns a dataset of batches where `data` is one of single strings, else `data` itself.

    A string cannot be taken for a batch, as an image can for a batch of its rows.
    """
    spec = spec_of_batches(data)
    is_single = getattr(spec, "dtype", None) == tf.string and spec.shape.rank == 0
    return data.batch(batch_size) if is_single else data


def is_generator(x):
    """Returns whether `x` gives its parts once, and cannot be looked into."""
    return isinstance(x, types.GeneratorType)


def lists_of_generator(x, size, conditional, name="x"):
    """Gives (list of examples, list of conditions or None) of a generator of single ones.

    Args:
        x: gives examples, or (example, condition) where `conditional`.
        size: examples of a list.

    Raises:
        ValueError: when there is none, and for other pairs.
    """
    count = 0
    while examples := list(itertools.islice(x, size)):
        pairs = [unpack(example, conditional, name) for example in examples]
        yield [x for x, _ in pairs], [told for _, told in pairs] if conditional else None
        count += len(examples)
    if not count:
        raise ValueError(f"Argument `{name}` must not be empty. Received: a generator of nothing")


def with_x(data, function):
    """Returns a dataset of batches in which x is `function(x)`, and a condition as it was."""

    @without_autograph
    def changed(*batch):
        while len(batch) == 1 and isinstance(batch[0], tuple):
            batch = batch[0]
        return (function(batch[0]), *batch[1:])

    return data.map(changed, num_parallel_calls=tf.data.AUTOTUNE)


def first_batch(dataset, conditional=False, name="x"):
    """Returns x of the first batch of a dataset, or (x, condition).

    Raises:
        ValueError: when there is none.
    """
    for batch in iterate(dataset):
        x, condition = unpack(batch, conditional, name)
        return (x, np.asarray(condition)) if conditional else x
    raise ValueError(f"Argument `{name}` must not be empty. Received: a dataset without batches")


def check_batched(dataset, name="x"):
    """Raises ValueError for a `tf.data.Dataset` of single examples, which no one has batched.

    An image would be taken for a batch of its rows. What tells is that the elements are the slices
    of tensors, and nothing after that has joined them.
    """
    if not isinstance(dataset, tf.data.Dataset):
        return
    names, unseen = [], [dataset]
    while unseen:
        part = unseen.pop()
        names.append(type(part).__name__)
        unseen += part._inputs()
    sliced = any("TensorSlice" in kind for kind in names)
    if sliced and not any("Batch" in kind or "Window" in kind for kind in names):
        raise ValueError(
            f"Argument `{name}` must be a dataset of batches. Received: one of single examples, of "
            f"{dataset.element_spec}. Call its batch(...) first."
        )
