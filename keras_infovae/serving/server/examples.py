"""The input of the Regress API: `tf.train.Example`s, with a context that they share."""

import reprlib

import numpy as np
import tensorflow as tf
from tensorflow.core.example import example_pb2

from keras_infovae.serving.server.errors import RequestError, input_error
from keras_infovae.serving.server.json_form import to_array, utf8
from keras_infovae.serving.server.tensors import Spec


def from_proto(request_input, checker):
    """Returns strings [n] of a `tensorflow.serving.Input`, within the `InputChecker`'s limits."""
    kind = request_input.WhichOneof("kind")
    if kind is None:
        raise input_error("input", "a list of examples", "nothing")
    listed = getattr(request_input, kind)
    return _joined(getattr(listed, "context", None), listed.examples, checker)


def from_json(document, checker):
    """The same of a body, {"context": {...}, "examples": [{...}, ...]}."""
    examples = document.get("examples")
    if not isinstance(examples, list) or not examples:
        message = "`examples` must be a list of at least one object of features"
        raise RequestError("INVALID_ARGUMENT", f"{message}. Received: {type(examples).__name__}")
    checker.check_rows(len(examples))
    context = _example(document.get("context", {}), "context")
    return _joined(context, [_example(e, "examples") for e in examples], checker)


def serialized(request_input):
    """Returns strings, a list, of a `tensorflow.serving.Input` that is held to no limits."""
    kind = request_input.WhichOneof("kind")
    listed = getattr(request_input, kind) if kind else None
    shared = _serialized_context(getattr(listed, "context", None))
    return [shared + example.SerializeToString() for example in listed.examples] if kind else []


def _serialized_context(context):
    # A serialized message after another is merged into it: an example's own feature comes last.
    return context.SerializeToString() if context is not None else b""


def _joined(context, examples, checker):
    checker.check_rows(len(examples))
    shared = _serialized_context(context)
    # Each example gets a copy of the context: a small request may become very large.
    length = len(shared) * len(examples) + sum(example.ByteSize() for example in examples)
    checker.check_bytes("The bytes of all examples, each with the context,", length)
    joined = np.empty(len(examples), object)
    joined[:] = [shared + example.SerializeToString() for example in examples]
    return joined


def _example(features, where):
    if not isinstance(features, dict):
        received = reprlib.repr(features)
        message = f"`{where}` must hold objects of features. Received: {received}"
        raise RequestError("INVALID_ARGUMENT", message)
    example = example_pb2.Example()
    for name, value in features.items():
        utf8(f"a name in {where}", name)
        _set(example.features.feature[name], name, value if isinstance(value, list) else [value])
    return example


def _set(feature, name, values):
    """Sets a list of numbers or text; as in TensorFlow Serving, integers alone are int64."""
    kinds = {type(value) for value in values}
    if kinds <= {float}:
        feature.float_list.value.extend(values)
    elif kinds == {int}:
        feature.int64_list.value.extend(to_array(name, values, Spec(tf.int64, (None,))).tolist())
    elif kinds <= {str, dict}:
        feature.bytes_list.value.extend(to_array(name, values, Spec(tf.string, (None,))).tolist())
    else:
        found = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise input_error(name, "numbers with a point, integers or text, of one kind", found)
