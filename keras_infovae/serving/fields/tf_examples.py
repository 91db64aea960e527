"""`tf.train.Example`s as x, with the condition."""

import numpy as np
import tensorflow as tf

from keras_infovae.serving.fields.arrays import Condition
from keras_infovae.serving.fields.base import Field
from keras_infovae.serving.served_model import COARSEST

_CONDITION = Condition()


class TfExamples(Field):
    """Serialized `tf.train.Example`s, strings [n].

    The feature "x" is the list of raw values, "condition" a label or features.
    """

    name = "inputs"
    holds_condition = True

    def check(self, signature, served):
        """Raises ValueError where an example, which has no float64, lacks digits of raw x."""
        if served.preprocessor is not None and not _is_integers(served.raw_specs):
            raise ValueError(
                f"Signature `{signature}` reads x of tf.train.Examples. Received: a model of "
                f"{served.preprocessor.form}, which takes {list(served.raw_specs)[:8]}. Take "
                "`score`."
            )
        if served.x_spec.dtype != tf.float64:
            return
        # How many digits a preprocessing of float64 needs is not known.
        if served.preprocessing is not None or served.digits_lost(tf.float32) > COARSEST:
            raise ValueError(
                f"Signature `{signature}` reads tf.train.Example, which holds float32. Received: a "
                "model whose raw x needs float64. Take `score`, or subtract a constant from "
                "columns such as time stamps before training."
            )

    def spec(self, served):
        return tf.TensorSpec([None], tf.string, name=self.name)

    def read(self, served, inputs):
        spec = served.raw_specs["x"]
        shape, dtype = spec.shape[1:], spec.dtype
        stored = tf.float32 if dtype.is_floating else tf.int64
        features = {"x": tf.io.FixedLenFeature(shape, stored)}
        if served.model.condition.size:
            spec = _CONDITION.spec(served)
            features["condition"] = tf.io.FixedLenFeature(spec.shape[1:], spec.dtype)
        parsed = tf.io.parse_example(inputs, features)
        given = {"x": served.from_examples({"x": _cast(parsed["x"], dtype)})}
        if "condition" in parsed:
            given |= _CONDITION.read(served, condition=parsed["condition"])
        return given

    def sample(self, samples):
        columns = {"x": samples.raw.reshape(len(samples), -1)}
        if samples.condition is not None:
            columns["condition"] = samples.condition.reshape(len(samples), -1)
        return [
            _example({name: column[row] for name, column in columns.items()})
            for row in range(len(samples))
        ]

    def x(self, samples):
        if samples.raw.dtype != np.float64:
            return samples.x
        return samples.served.apply(samples.raw.astype("float32"))  # what an example holds


def _is_integers(raw_specs):
    """Returns whether raw examples are arrays of integers, of one shape."""
    spec = raw_specs.get("x")
    return list(raw_specs) == ["x"] and spec.dtype.is_integer and spec.shape[1:].is_fully_defined()


def _cast(stored, dtype):
    """Returns stored numbers in the type of x; raises, when it runs, for what it cannot hold."""
    if dtype.is_floating:
        return tf.cast(stored, dtype)
    message = f"Feature `x` must be from {dtype.min} to {dtype.max}."
    inside = tf.reduce_all((stored >= dtype.min) & (stored <= dtype.max))
    with tf.control_dependencies([tf.debugging.Assert(inside, [message])]):
        return tf.cast(stored, dtype)


def _example(arrays):
    features = {}
    for name, values in arrays.items():
        if values.dtype.kind == "f":
            features[name] = tf.train.Feature(float_list=tf.train.FloatList(value=values))
        else:
            features[name] = tf.train.Feature(int64_list=tf.train.Int64List(value=values))
    example = tf.train.Example(features=tf.train.Features(feature=features))
    return example.SerializeToString(deterministic=True)
