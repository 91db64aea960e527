"""What a request holds as numbers: raw x, z, seeds, a condition."""

import tensorflow as tf

from keras_infovae.serving.fields.base import Field
from keras_infovae.utils.row_seeds import packed


class RawExamples(Field):
    """Raw values of x, [n, ...]."""

    name = "x"

    def spec(self, served):
        return served.x_spec

    def read(self, served, tensor):
        if tensor.dtype.is_floating:
            looked_at, allowed = tensor, "finite"
            if served.values.accepts_missing:
                looked_at = tf.where(tf.math.is_nan(tensor), tf.zeros_like(tensor), tensor)
                allowed = "finite, or NaN where it is missing"
            with tf.control_dependencies(
                [tf.debugging.assert_all_finite(looked_at, f"Input `x` must be {allowed}.")]
            ):
                tensor = tf.identity(tensor)
        return {"x": served.from_raw(tensor)}

    def sample(self, samples):
        return samples.raw

    def x(self, samples):
        return samples.x


class Codes(Field):
    """Codes z, [n, latent_dim]."""

    name = "z"

    def spec(self, served):
        return tf.TensorSpec([None, served.model.latent_dim], tf.float32, name=self.name)

    def read(self, served, tensor):
        return {"z": tf.debugging.assert_all_finite(tensor, "Input `z` must be finite.")}

    def sample(self, samples):
        return samples.z


class Seeds(Field):
    """An integer of at least 0 for each row: row i of a call with seed s has s * 2**32 + i."""

    name = "seed"

    def spec(self, served):
        return tf.TensorSpec([None], tf.int64, name=self.name)

    def read(self, served, tensor):
        message = "Input `seed` must be at least 0."
        with tf.control_dependencies([tf.debugging.assert_non_negative(tensor, message=message)]):
            return {"seed": tf.identity(tensor)}

    def sample(self, samples):
        return packed(samples.SEED, 0, len(samples))


class Condition(Field):
    """Labels [n], or features [n, c]."""

    name = "condition"

    def spec(self, served):
        condition = served.model.condition
        if condition.num_classes:
            return tf.TensorSpec([None], tf.int64, name=self.name)
        return tf.TensorSpec([None, condition.size], tf.float32, name=self.name)

    def read(self, served, tensor):
        if tensor.dtype.is_floating:
            message = "Input `condition` must be finite."
            return {"condition": tf.debugging.assert_all_finite(tensor, message)}
        classes = served.model.condition.num_classes
        message = f"Input `condition` must hold labels from 0 to {classes - 1}."
        inside = tf.reduce_all((tensor >= 0) & (tensor < classes))
        with tf.control_dependencies([tf.debugging.Assert(inside, [message, tensor])]):
            return {"condition": tf.identity(tensor)}

    def sample(self, samples):
        return samples.condition
