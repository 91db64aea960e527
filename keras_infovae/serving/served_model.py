"""A model and the units of its requests: from raw values to what the model sees, and back."""

import keras
import numpy as np
import tensorflow as tf

from keras_infovae.utils.checks import argument_error

COARSEST = 1e-3  # of a column's scale, that a type of raw x may lose to the column's offset
ROUNDING = 1e-5  # by which scaling may leave the range of the likelihood; it is clipped then


def may_be_missing(dtype):
    """Returns whether raw values of a type in a graph may be missing: "" and NaN are."""
    return dtype == tf.string or dtype.is_floating


class ServedModel:
    """A model as servers are asked for it, in raw values.

    Raw values are what the model's preprocessor has in a graph, those before `model.scaling`, or
    what `preprocessing` takes.

    Args:
        model: a built model.
        preprocessing: None for `model.scaling`; or a Keras model with one input, or a function of
            float32 [n, *event_shape], that gives the model's x. Outputs then stay in the units of
            the model's x, because the way back is not known.
        x_dtype: the type of raw x without `preprocessing`. Default None: float32, or float64 where
            columns have scales of their own, since some may need more digits.
        as_numbers: whether requests hold x of a model of raw data too, as networks see it. Default
            False.

    Attributes:
        values: what says which x the model can be given, a `Likelihood`.
        preprocessor: that of the model, where requests have its raw form; else None.
        raw_specs: {input: TensorSpec} of raw examples: of `preprocessor`, else "x" alone.
        x_spec: the TensorSpec of raw x, an array of numbers before `scaling`.

    Raises:
        TypeError: for any other `preprocessing`.
        ValueError: for one that does not give x in the shape of the model's, and for raw data that
            a graph cannot have.
    """

    def __init__(self, model, preprocessing=None, x_dtype=None, as_numbers=False):
        self.model = model
        self.values = model.example_spec.values
        self.preprocessing = preprocessing
        self.scaling = model.scaling if preprocessing is None else None
        if preprocessing is None:
            per_feature = isinstance(getattr(self.scaling, "offset", 0.0), list) or isinstance(
                getattr(self.scaling, "scale", 1.0), list
            )
            dtype = x_dtype or (tf.float64 if per_feature else tf.float32)
            self.x_spec = tf.TensorSpec([None, *model.event_shape], dtype, name="x")
        else:
            self.x_spec, self._preprocess = _traced(preprocessing, model.event_shape)
        specs = None
        if preprocessing is None and not as_numbers and model.preprocessor is not None:
            specs = model.preprocessor.raw_specs(model.event_shape)
        self.preprocessor = None if specs is None else model.preprocessor
        self.raw_specs = {"x": self.x_spec} if specs is None else specs
        if self.preprocessor is not None:  # traced once for all signatures
            self._numbers = tf.function(self.preprocessor.numbers_in_graph, autograph=False)
            self._raw = tf.function(self.preprocessor.raw_in_graph, autograph=False)

    def digits_lost(self, dtype):
        """Returns what part of a column's scale raw x of the float type `dtype` may lose.

        That is eps / 2 max |offset / scale|: the rounding of values near the column's offset.
        """
        if self.scaling is None:
            return 0.0
        offsets = np.abs(np.divide(self.scaling.offset, self.scaling.scale))
        return float(np.finfo(dtype.as_numpy_dtype).eps / 2 * np.max(offsets))

    # === From a request to the model's x ===

    def from_examples(self, given):
        """Returns the model's x, float32 [n, *event_shape], for {input: tensor} of raw examples.

        It raises, when it runs, for values that the model cannot be given.
        """
        if self.preprocessor is not None:
            return self._described(self._numbers(given))
        x = given["x"]
        if x.dtype.is_floating:
            looked_at, allowed = x, "finite"
            if self.values.accepts_missing:
                looked_at = tf.where(tf.math.is_nan(x), tf.zeros_like(x), x)
                allowed = "finite, or NaN where it is missing"
            with tf.control_dependencies(
                [tf.debugging.assert_all_finite(looked_at, f"Input `x` must be {allowed}.")]
            ):
                x = tf.identity(x)
        return self.from_raw(x)

    def from_raw(self, x):
        """Returns the model's x, float32 [n, *event_shape], for a tensor of raw values [n, ...].

        It raises, when it runs, for values that the model cannot be given.
        """
        return self._described(
            self._preprocess(x) if self.preprocessing is not None else self.scaled(x)
        )

    def _described(self, x):
        """Returns x; when it runs, raises for what the likelihood does not describe."""
        x = tf.ensure_shape(tf.cast(x, tf.float32), [None, *self.model.event_shape])
        # What is missing is not looked at.
        known = self.values.filled(x) if self.values.accepts_missing else x
        message = "Input `x` must be finite after preprocessing."
        known = tf.debugging.assert_all_finite(known, message)
        low, high = self.values.minimum, self.values.maximum
        checks = [known]
        if low is not None:
            message = f"Input `x` must be at least {low:g} after preprocessing."
            check = tf.debugging.assert_greater_equal(known, low - ROUNDING, message=message)
            checks.append(check)
        if high is not None:
            message = f"Input `x` must be at most {high:g} after preprocessing."
            checks.append(tf.debugging.assert_less_equal(known, high + ROUNDING, message=message))
        with tf.control_dependencies(checks):
            x = self.clipped(x)
        message = f"Input `x` must be what {type(self.values).__name__} describes."
        described = tf.debugging.Assert(tf.reduce_all(self.values.describes(x)), [message])
        with tf.control_dependencies([described]):
            return tf.identity(x)

    def clipped(self, x):
        """Returns the tensor x within the range of what the model can be given."""
        low, high = self.values.minimum, self.values.maximum
        x = tf.identity(x) if low is None else tf.maximum(x, low)
        return x if high is None else tf.minimum(x, high)

    def scaled(self, x):
        """Returns `scaling.apply` of the raw tensor x, in its type, or x itself."""
        if self.scaling is None:
            return x
        offset, scale = (
            tf.constant(value, x.dtype) for value in (self.scaling.offset, self.scaling.scale)
        )
        return (x - offset) / scale

    # === And back ===

    def to_examples(self, x, name):
        """Returns raw examples of the tensor x: {output: tensor}, where there is one called `name`.

        It raises, when it runs, for x that is not finite.
        """
        if self.preprocessor is None:
            return {name: self.to_raw(x)}
        message = "The model's x must be finite."
        x = tf.debugging.assert_all_finite(tf.cast(x, tf.float32), message)
        return self._raw(x)

    def to_raw(self, x):
        """Returns x in raw units, float32: `scaling.invert`, or x itself."""
        x = tf.cast(x, tf.float32)
        if self.scaling is None:
            return x
        dtype = self.x_spec.dtype
        scale, offset = (
            tf.constant(value, dtype) for value in (self.scaling.scale, self.scaling.offset)
        )
        return tf.cast(tf.cast(x, dtype) * scale + offset, tf.float32)

    def apply(self, raw):
        """Returns the model's x, NumPy float32, for an array of raw values, without the graph.

        Raises:
            ValueError: naming `warmup`, for values that the model cannot be given.
        """
        raw = np.asarray(raw)
        if raw.dtype.kind not in "fiub" or raw.ndim != len(self.x_spec.shape) or not len(raw):
            raise argument_error(
                "warmup", f"a numeric array [n, {', '.join(map(str, self.x_spec.shape[1:]))}]", raw
            )
        if not self.x_spec.shape.is_compatible_with(raw.shape):
            raise ValueError(
                f"Argument `warmup` must have shape {self.x_spec.shape}. "
                f"Received: shape={raw.shape}"
            )
        raw = raw.astype(self.x_spec.dtype.as_numpy_dtype)
        if self.preprocessing is not None:
            return np.asarray(self.preprocessing(tf.constant(raw)), "float32")
        return raw if self.scaling is None else self.scaling.apply(raw)


def _traced(preprocessing, event_shape):
    """Returns the TensorSpec of what `preprocessing` takes, and its graph.

    A user's function may rely on AutoGraph, without which signatures are traced.

    Raises:
        TypeError, ValueError: as `ServedModel` for what does not give x of `event_shape`.
    """
    if isinstance(preprocessing, keras.Model):
        given = preprocessing.inputs if preprocessing.built else []
        if len(given or []) != 1:
            raise argument_error(
                "preprocessing", "a built Keras model with one input", preprocessing
            )
        spec = tf.TensorSpec(given[0].shape, given[0].dtype, name="x")
    elif callable(preprocessing):
        spec = tf.TensorSpec([None, *event_shape], tf.float32, name="x")
    else:
        raise argument_error(
            "preprocessing", "None, a Keras model or a function", preprocessing, TypeError
        )
    traced = tf.function(lambda x: preprocessing(x)).get_concrete_function(spec)
    shape = getattr(traced.structured_outputs, "shape", None)
    if shape is None or not shape.is_compatible_with([None, *event_shape]):
        raise ValueError(
            f"Argument `preprocessing` must give x of shape {(None, *event_shape)}. "
            f"Received: {traced.structured_outputs}"
        )
    return spec, traced
