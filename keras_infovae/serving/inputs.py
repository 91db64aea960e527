"""What a request holds, as TensorFlow ops: from raw values to what the model sees, and back."""

import functools
import math

import keras
import numpy as np
import tensorflow as tf

from keras_infovae.utils.checks import argument_error

COARSEST = 1e-3  # of a column's scale, that a type of raw x may lose to the column's offset
_ROUNDING = 1e-5  # by which scaling may leave the range of the likelihood; it is clipped then


class ServingInputs:
    """Reads the inputs of signatures, each with the batch as its first axis.

    Raw values are those before `model.scaling`, or what `preprocessing` takes. Each reader raises,
    when it runs, for values that are not finite or that the likelihood does not describe.

    Args:
        model: a built model.
        preprocessing: None for `model.scaling`; or a Keras model with one input, or a function of
            float32 [n, *event_shape], that gives the model's x. Outputs then stay in the units of
            the model's x, because the way back is not known.
        x_dtype: the type of raw x without `preprocessing`. Default None: float32, or float64 where
            columns have scales of their own, since some may need more digits.

    Raises:
        TypeError: for any other `preprocessing`.
        ValueError: for one that does not give x in the shape of the model's.
    """

    def __init__(self, model, preprocessing=None, x_dtype=None):
        self.model = model
        self.preprocessing = preprocessing
        self.scaling = model.scaling if preprocessing is None else None
        if preprocessing is None:
            per_feature = isinstance(getattr(self.scaling, "offset", 0.0), list) or isinstance(
                getattr(self.scaling, "scale", 1.0), list
            )
            dtype = x_dtype or (tf.float64 if per_feature else tf.float32)
            self.x_spec = tf.TensorSpec([None, *model.event_shape], dtype, name="x")
        else:
            self.x_spec = _spec_of(preprocessing, model.event_shape)

    def digits_lost(self, dtype):
        """Returns what part of a column's scale raw x of the float type `dtype` may lose.

        That is eps / 2 max |offset / scale|: the rounding of values near the column's offset.
        """
        if self.scaling is None:
            return 0.0
        offsets = np.abs(np.divide(self.scaling.offset, self.scaling.scale))
        return float(np.finfo(dtype.as_numpy_dtype).eps / 2 * np.max(offsets))

    @property
    def takes_examples(self):
        """Whether a `tf.train.Example`, which has no float64, holds raw x with all its digits."""
        if self.x_spec.dtype != tf.float64:
            return True
        # How many digits a preprocessing of float64 needs is not known.
        return self.preprocessing is None and self.digits_lost(tf.float32) <= COARSEST

    @functools.cached_property
    def takes_image_bytes(self):
        """Whether examples are images of 1 or 3 channels whose grey levels can be described."""
        shape = self.model.event_shape
        if len(shape) != 3 or shape[-1] not in (1, 3):
            return False
        if self.preprocessing is not None:
            return True
        likelihood = self.model.example_spec.values
        images = np.resize(np.arange(256, dtype="uint8"), [-(-256 // math.prod(shape)), *shape])
        low = -np.inf if likelihood.minimum is None else likelihood.minimum
        high = np.inf if likelihood.maximum is None else likelihood.maximum
        try:
            x = np.clip(self.apply(self.raw_levels(images)), low, high)
            likelihood.check_values("x", x)
        except ValueError:  # levels of another number, one-hot categories
            return False
        return True

    def raw_levels(self, levels):
        """Returns the raw values that 8-bit grey levels stand for; NumPy or tensor."""
        if self.scaling is None and self.preprocessing is None:
            return levels / 255
        return levels

    @property
    def condition_spec(self):
        """{"condition": TensorSpec of labels [n] or features [n, c]}; {} where there is none."""
        if not self.model.condition.size:
            return {}
        if self.model.condition.num_classes:
            return {"condition": tf.TensorSpec([None], tf.int64, name="condition")}
        shape = [None, self.model.condition.size]
        return {"condition": tf.TensorSpec(shape, tf.float32, name="condition")}

    # === From a request to the model's x ===

    def from_x(self, x):
        """Returns the model's x, float32 [n, *event_shape], for raw values [n, ...]."""
        if x.dtype.is_floating:
            x = tf.debugging.assert_all_finite(x, "Input `x` must be finite.")
        x = self.preprocessing(x) if self.preprocessing is not None else self.scaled(x)
        x = tf.ensure_shape(tf.cast(x, tf.float32), [None, *self.model.event_shape])
        x = tf.debugging.assert_all_finite(x, "Input `x` must be finite after preprocessing.")
        likelihood = self.model.example_spec.values
        low, high = likelihood.minimum, likelihood.maximum
        if low is not None:
            message = f"Input `x` must be at least {low:g} after preprocessing."
            with tf.control_dependencies(
                [tf.debugging.assert_greater_equal(x, low - _ROUNDING, message=message)]
            ):
                x = tf.maximum(x, low)
        if high is not None:
            message = f"Input `x` must be at most {high:g} after preprocessing."
            with tf.control_dependencies(
                [tf.debugging.assert_less_equal(x, high + _ROUNDING, message=message)]
            ):
                x = tf.minimum(x, high)
        message = f"Input `x` must be what {type(likelihood).__name__} describes."
        with tf.control_dependencies(
            [tf.debugging.Assert(tf.reduce_all(likelihood.describes(x)), [message])]
        ):
            return tf.identity(x)

    def scaled(self, x):
        """Returns `scaling.apply` of the raw tensor x, in its type, or x itself."""
        if self.scaling is None:
            return x
        offset, scale = (
            tf.constant(value, x.dtype) for value in (self.scaling.offset, self.scaling.scale)
        )
        return (x - offset) / scale

    def from_image_bytes(self, image_bytes):
        """Returns the model's x for strings [n], each a PNG or JPEG file.

        An image of another size is resized (bilinear, antialiased, to whole levels). Grey levels
        from 0 to 255 are the raw values; a model that has no scaling sees them divided by 255.
        """
        height, width, channels = self.model.event_shape

        def decode(content):
            image = tf.cast(tf.io.decode_png(content, channels=channels), tf.float32)  # JPEG too
            return tf.round(tf.image.resize(image, [height, width], antialias=True))

        levels = tf.map_fn(decode, image_bytes, fn_output_signature=tf.float32)
        return self.from_x(tf.cast(self.raw_levels(levels), self.x_spec.dtype))

    def from_examples(self, examples):
        """Returns (x, {"condition": ...} or {}) for strings [n], each a `tf.train.Example`.

        Its feature "x" is the list of raw values, "condition" a label or features.
        """
        shape, dtype = self.x_spec.shape[1:], self.x_spec.dtype
        stored = tf.float32 if dtype.is_floating else tf.int64
        features = {"x": tf.io.FixedLenFeature(shape, stored)}
        for name, spec in self.condition_spec.items():
            features[name] = tf.io.FixedLenFeature(spec.shape[1:], spec.dtype)
        parsed = tf.io.parse_example(examples, features)
        return self.from_x(tf.cast(parsed.pop("x"), dtype)), self.check_condition(parsed)

    def check_condition(self, inputs):
        """Returns {"condition": checked} from a request's inputs, or {}."""
        condition = inputs.get("condition")
        if condition is None:
            return {}
        if condition.dtype.is_floating:
            return {"condition": tf.debugging.assert_all_finite(condition, "Input `condition`")}
        classes = self.model.condition.num_classes
        message = f"Input `condition` must hold labels from 0 to {classes - 1}."
        inside = tf.debugging.Assert(
            tf.reduce_all((condition >= 0) & (condition < classes)), [message, condition]
        )
        with tf.control_dependencies([inside]):
            return {"condition": tf.identity(condition)}

    # === And back ===

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
        """Returns the model's x, NumPy float32, for a NumPy array of raw values, without the graph.

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


def _spec_of(preprocessing, event_shape):
    """Returns the TensorSpec of what `preprocessing` takes, which must give x of `event_shape`."""
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
    return spec
