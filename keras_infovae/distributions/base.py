"""The base of priors, posteriors and likelihoods."""

import keras
import tensorflow as tf

from keras_infovae.typing import Config
from keras_infovae.utils.serialization import constructor_config


class DistributionLayer(keras.layers.Layer):
    """Turns the numbers that a network puts out into a TensorFlow Probability distribution.

    It is a Keras layer so that a member may own weights (a learned scale, a learned mixture) that
    are trained and saved with the model; it is used through its methods rather than called, since a
    distribution cannot be a Keras output. Weights and all that is computed are float32 under any
    dtype policy.
    """

    def __init__(self) -> None:
        super().__init__(dtype="float32")

    def get_config(self) -> Config:
        """Returns the constructor's arguments as a JSON-compatible dictionary."""
        return constructor_config(self)


def bounded_log(value, limit):
    """Returns `limit * tanh(value / limit)`: about `value` near 0, within (-limit, limit) always.

    Used for the logarithm of a scale or variance: unlike a clip it has a gradient everywhere, so a
    value that ran off can come back.
    """
    return limit * tf.tanh(tf.cast(value, tf.float32) / limit)
