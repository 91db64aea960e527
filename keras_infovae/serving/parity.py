"""Does an exported model answer as the Keras model does?"""

import keras
import numpy as np
import tensorflow as tf

BATCH_SIZES = (1, 3, 64)


def tolerance(model):
    """Returns the largest difference that rounding explains: 1e-5 in float32.

    Networks that compute in a type of fewer digits round in each layer, in batches of other sizes
    in another way: 8 units of that type's last digit.
    """
    digits = [_eps(dtype) for dtype in compute_dtypes(model) if dtype.is_floating]
    return max([1e-5, *(8.0 * float(eps) for eps in digits)])


def compute_dtypes(model):
    """Returns the types that the layers of the model's parts compute in."""
    return {
        tf.as_dtype(layer.compute_dtype)
        for part in model.parts()
        if isinstance(part, keras.layers.Layer)
        for layer in (part, *part._flatten_layers(include_self=False))
    }


def _eps(dtype):
    return 2.0**-7 if dtype == tf.bfloat16 else np.finfo(dtype.as_numpy_dtype).eps


def check(directory, signatures, samples, loader, limit):
    """Returns {signature: the largest difference} between an exported model and the Keras one.

    A difference is |exported - Keras| / max(unit, |Keras|), the unit being 1, or the scale of the
    data. Batches of 1, 3 and 64 rows repeat the samples, so that equal rows stand at several
    places of a batch.

    Args:
        directory: of the SavedModel.
        signatures: that it has.
        samples: the `Samples` of the model.
        loader: a `GraphLoader`.
        limit: the largest difference allowed.

    Raises:
        RuntimeError: when the model does not run, or a difference is larger.
    """
    inputs = {signature.name: samples.requests(signature) for signature in signatures}
    with tf.device("CPU"):  # as the loader does: devices round in ways of their own
        answers = {signature.name: samples.answers(signature) for signature in signatures}
    return compare(lambda requests: loader.run(directory, requests), inputs, answers, limit)


def compare(run, inputs, answers, limit):
    """Does what `check` says with any way to run an exported model.

    Args:
        run: function of requests [(name, {input: array})] that returns [{output: array}].
        inputs: {name: {input: array or list, one row per sample}}.
        answers: {name: {output: (array, one row per sample; its unit)}} of the Keras model.
        limit: the largest difference allowed.
    """
    requests, rows = [], []
    for name, values in inputs.items():
        count = len(next(iter(values.values())))
        for size in BATCH_SIZES:
            taken = np.arange(size) % count
            requests.append((name, {key: _take(value, taken) for key, value in values.items()}))
            rows.append(taken)
    responses = run(requests)
    largest = dict.fromkeys(inputs, 0.0)
    for (name, _), taken, response in zip(requests, rows, responses, strict=True):
        if set(response) != set(answers[name]):
            raise RuntimeError(f"Signature `{name}` answers {sorted(response)}")
        for output, (expected, unit) in answers[name].items():
            difference = _difference(response[output], expected, unit, taken)
            largest[name] = max(largest[name], difference)
            if not difference <= limit:
                raise RuntimeError(
                    f"The exported model differs from the Keras model: output `{output}` of "
                    f"signature `{name}` by {difference:.3g} in a batch of {len(taken)}, where "
                    f"rounding allows {limit:.3g}. Nothing was exported."
                )
    return largest


_SIGNS = 16  # draws of how rounding may turn out


def raw_answers(preprocessor, x, limit):
    """Returns {output: (array, unit)} of raw examples of x, for `compare`.

    Rounding of x shows by the slope of the way back, which is that of the data, and may turn one
    category, day or whole number into another. Both are found by going the way back from x plus
    and minus what x may differ by: where text or a missing value becomes another, it is not
    compared, as a flag is not on either side of its threshold.

    Args:
        preprocessor: the model's.
        x: [n, ...], by the model's methods.
        limit: the largest difference that is allowed, of x.
    """
    expected = preprocessor.arrays_of(preprocessor.raw(x))
    units = dict.fromkeys(expected, 0.0)
    signs = np.random.default_rng(0).choice([-1.0, 1.0], [_SIGNS, *x.shape])
    signs[0], signs[1] = -1.0, 1.0
    for sign in signs:
        moved = (x + sign * limit * np.maximum(1.0, np.abs(x))).astype("float32")
        for name, array in preprocessor.arrays_of(preprocessor.raw(moved)).items():
            apart = _distance(array, expected[name])
            size = np.inf if array.dtype.kind == "O" else apart / limit
            units[name] = np.maximum(units[name], np.where(apart > 0, size, 0.0))
    return {
        name: (array, np.maximum(units[name], _spread(array))) for name, array in expected.items()
    }


def _spread(array):
    """Returns how far numbers are from one another; 1 where they are all the same, and for text."""
    known = array[array == array] if array.dtype.kind == "f" else np.zeros(0)
    return float(np.ptp(known)) or 1.0 if len(known) else 1.0


def _distance(first, second):
    """Returns |first - second|, of text whether they differ, of one missing value infinite."""
    if first.dtype.kind == "O":
        return (first != second).astype("float64")
    first, second = first.astype("float64"), second.astype("float64")
    apart = np.abs(first - second)
    one_missing = np.where(np.isnan(first) == np.isnan(second), 0.0, np.inf)
    return np.where(np.isnan(apart), one_missing, apart)


def _take(value, rows):
    return [value[row] for row in rows] if isinstance(value, list) else value[rows]


def _difference(received, expected, unit, rows):
    unit = np.broadcast_to(unit, np.shape(expected))[rows]
    expected = expected[rows]
    if received.shape != expected.shape:
        return float("inf")
    apart = np.where(np.isinf(unit), 0.0, _distance(received, expected))
    size = 1.0 if expected.dtype.kind == "O" else np.nan_to_num(np.abs(expected))
    return float(np.max(apart / np.maximum(unit, size)))
