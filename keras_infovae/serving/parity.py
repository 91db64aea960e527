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


def _take(value, rows):
    return [value[row] for row in rows] if isinstance(value, list) else value[rows]


def _difference(received, expected, unit, rows):
    size = np.maximum(np.broadcast_to(unit, np.shape(expected)), np.abs(expected))[rows]
    expected = expected[rows]
    if received.shape != expected.shape:
        return float("inf")
    return float(np.max(np.abs(received.astype("float64") - expected) / size))
