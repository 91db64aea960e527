"""The tensors of a model's signatures: what the server says of them, and checks before sending."""

import collections
import math

import numpy as np

from keras_infovae.utils.checks import argument_error

# NumPy type and full shape; -1 is any number of rows. Strings have the type `object`. Metadata do
# not say whether values may be missing, as NaN or empty text.
TensorSpec = collections.namedtuple("TensorSpec", ["dtype", "shape", "missing"], defaults=[False])

_DTYPES = {
    "DT_HALF": np.float16,
    "DT_FLOAT": np.float32,
    "DT_DOUBLE": np.float64,
    "DT_UINT8": np.uint8,
    "DT_INT8": np.int8,
    "DT_INT16": np.int16,
    "DT_INT32": np.int32,
    "DT_INT64": np.int64,
    "DT_BOOL": np.bool_,
    "DT_STRING": np.object_,
}


def read_signatures(metadata):
    """Returns {signature: {"inputs": {name: TensorSpec}, "outputs": {name: TensorSpec}}}.

    Args:
        metadata: a `SignatureDefMap` as JSON, with the field names of the .proto file. That is what
            the REST API answers with.
    """
    return {
        name: {
            side: {key: _spec(info) for key, info in sorted(signature.get(side, {}).items())}
            for side in ("inputs", "outputs")
        }
        for name, signature in sorted(metadata["signature_def"].items())
        if not name.startswith("__")  # how TensorFlow marks its own
    }


def _spec(info):
    sizes = info.get("tensor_shape", {}).get("dim", [])
    dtype = _DTYPES.get(info["dtype"])
    return TensorSpec(dtype and np.dtype(dtype), tuple(int(dim.get("size", 0)) for dim in sizes))


def with_missing(signatures, preprocessor):
    """Returns signatures, in which the parts of raw examples are marked that may be missing."""
    if not preprocessor.has_missing_values:
        return signatures
    parts = set(preprocessor.raw_specs())

    def marked(specs):
        return {
            name: spec._replace(missing=name in parts and spec.dtype in (object, "f8", "f4"))
            for name, spec in specs.items()
        }

    def signature(sides):
        gives_examples = set(sides["outputs"]) == parts
        outputs = marked(sides["outputs"]) if gives_examples else sides["outputs"]
        return {"inputs": marked(sides["inputs"]), "outputs": outputs}

    return {name: signature(sides) for name, sides in signatures.items()}


def description(spec):
    """Returns a `TensorSpec` in plain types, as `signatures.json` has it."""
    dtype = spec.dtype and ("string" if spec.dtype == object else spec.dtype.name)
    return {"dtype": dtype, "shape": list(spec.shape)}


def row_bytes(spec):
    """Returns the size of a row of numbers, in bytes; 0 where it is not known."""
    if spec.dtype is None or any(size < 0 for size in spec.shape[1:]):
        return 0
    return math.prod(spec.shape[1:]) * spec.dtype.itemsize


def checked(name, value, spec):
    """Returns `value` as an array that a server takes for the input `name`.

    Raises:
        TypeError, ValueError: naming the input, what it takes and what was received.
    """
    if spec.dtype is None:
        raise argument_error(name, "of a type that this client can send", value, TypeError)
    if spec.dtype == object:
        return _strings(name, value)
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise argument_error(name, "an array, its rows of one shape", value) from error
    kinds = {"f": "fiub", "i": "iu", "u": "iu", "b": "b"}[spec.dtype.kind]
    if array.dtype.kind not in kinds:
        kind = "numbers" if spec.dtype.kind == "f" else spec.dtype.name
        raise argument_error(name, f"an array of {kind}", value, TypeError)
    expected = ("n", *("any" if size < 0 else size for size in spec.shape[1:]))
    fits = array.ndim == len(expected) and all(
        size in ("n", "any", given) for size, given in zip(expected, array.shape)
    )
    if not fits or not len(array):
        shape = ", ".join(map(str, expected))
        raise ValueError(
            f"Argument `{name}` must have shape [{shape}], n at least 1. "
            f"Received: shape={array.shape}"
        )
    with np.errstate(over="ignore"):  # becomes Inf, which is refused
        sent = np.ascontiguousarray(array.astype(spec.dtype))
    if spec.dtype.kind == "f" and (np.isinf(sent) if spec.missing else ~np.isfinite(sent)).any():
        received = "Inf" if spec.missing else "NaN or Inf"
        raise ValueError(f"Argument `{name}` must be finite in {spec.dtype}. Received: {received}")
    if spec.dtype.kind in "iu" and not np.array_equal(sent, array):
        raise ValueError(
            f"Argument `{name}` must be within the range of {spec.dtype}. "
            f"Received: {array.min()} to {array.max()}"
        )
    return sent


def _strings(name, value):
    if isinstance(value, (bytes, str)) or not isinstance(value, (list, tuple, np.ndarray)):
        raise argument_error(name, "a list of bytes", type(value), TypeError)
    wrong = [type(item) for item in value if not isinstance(item, bytes)]
    if wrong or not len(value):
        raise argument_error(name, "a list of bytes, at least one", wrong or value, TypeError)
    array = np.empty(len(value), object)
    array[:] = list(value)
    return array
