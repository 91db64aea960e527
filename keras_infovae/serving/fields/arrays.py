"""What a request holds as arrays: raw examples, z, seeds, a condition."""

import numpy as np
import tensorflow as tf

from keras_infovae.serving.fields.base import Field
from keras_infovae.utils.row_seeds import packed


class RawExamples(Field):
    """Raw examples: x [n, ...], or by the names that the model's preprocessor has for their parts.

    An input of text may be empty, and one of numbers NaN, where a value is missing.
    """

    name = "x"

    def specs(self, served):
        return served.raw_specs

    def read(self, served, **given):
        return {"x": served.from_examples(given)}

    def samples(self, samples):
        return samples.inputs

    def x(self, samples):
        return samples.x


class Codes(Field):
    """Codes z, [n, latent_dim]."""

    name = "z"

    def spec(self, served):
        return tf.TensorSpec([None, served.model.latent_dim], tf.float32, name=self.name)

    def read(self, served, z):
        return {"z": tf.debugging.assert_all_finite(z, "Input `z` must be finite.")}

    def sample(self, samples):
        return samples.z


class Seeds(Field):
    """An integer of at least 0 for each row: row i of a call with seed s has s * 2**32 + i."""

    name = "seed"

    def spec(self, served):
        return tf.TensorSpec([None], tf.int64, name=self.name)

    def read(self, served, seed):
        message = "Input `seed` must be at least 0."
        with tf.control_dependencies([tf.debugging.assert_non_negative(seed, message=message)]):
            return {"seed": tf.identity(seed)}

    def sample(self, samples):
        return packed(samples.SEED, 0, len(samples))


class Rows(Field):
    """Any integer for each row, where an answer is the same for all."""

    name = "row"

    def spec(self, served):
        return tf.TensorSpec([None], tf.int64, name=self.name)

    def read(self, served, row):
        return {"row": row}

    def sample(self, samples):
        return np.arange(len(samples), dtype="int64")


class Condition(Field):
    """Labels [n], or features [n, c]; of a preprocessor that has them, parts of a raw example."""

    name = "condition"

    def specs(self, served):
        if _is_named(served):
            return served.preprocessor.condition_specs()
        return {self.name: self.spec(served)}

    def spec(self, served):
        condition = served.model.condition
        if condition.num_classes:
            return tf.TensorSpec([None], tf.int64, name=self.name)
        return tf.TensorSpec([None, condition.size], tf.float32, name=self.name)

    def read(self, served, condition=None, **parts):
        if _is_named(served):
            return {"condition": served.preprocessor.condition_in_graph(parts)}
        if condition.dtype.is_floating:
            message = "Input `condition` must be finite."
            return {"condition": tf.debugging.assert_all_finite(condition, message)}
        classes = served.model.condition.num_classes
        message = f"Input `condition` must hold labels from 0 to {classes - 1}."
        inside = tf.reduce_all((condition >= 0) & (condition < classes))
        with tf.control_dependencies([tf.debugging.Assert(inside, [message, condition])]):
            return {"condition": tf.identity(condition)}

    def samples(self, samples):
        if _is_named(samples.served):
            return samples.served.preprocessor.condition_arrays(samples.raw)
        return {self.name: samples.condition}


def _is_named(served):
    """Returns whether the condition are parts of raw examples."""
    return served.preprocessor is not None and bool(served.preprocessor.condition_names)
