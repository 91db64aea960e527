"""The categorical likelihood."""

import math

import numpy as np
import tensorflow as tf

from keras_infovae.distributions.likelihoods.base import Likelihood
from keras_infovae.typing import Distribution, Shape, Tensor
from keras_infovae.utils import probability as tfp
from keras_infovae.utils.serialization import register


@register
class Categorical(Likelihood):
    """The categorical likelihood, for data that is one-hot on its last axis, [..., categories]:

        log p(x|z) = sum_i sum_k x_ik log softmax(decoder(z)_i)_k

    The mean holds the probabilities; samples are one-hot.

    Example:

    >>> import keras_infovae as ki
    >>> p = ki.likelihoods.Categorical().distribution([[[0.0, 0.0], [0.0, 3.0]]])
    >>> p.log_prob([[[1.0, 0.0], [0.0, 1.0]]]).numpy().round(4)
    array([-0.7417], dtype=float32)
    """

    is_discrete = True
    minimum = 0.0
    maximum = 1.0
    out_of_range_advice = "One-hot data is expected: np.eye(num_categories)[labels]."
    accepts_integers = True

    def dimensions(self, event_shape: Shape) -> int:
        return math.prod(event_shape[:-1])

    def check_event_shape(self, event_shape: Shape) -> None:
        if event_shape[-1] < 2:
            raise ValueError(
                "The likelihood Categorical needs data that is one-hot on its last axis, over at "
                f"least 2 categories. Received: x of shape {tuple(event_shape)} per example. Make "
                "it so: np.eye(num_categories)[labels]."
            )

    def describes_positions(self, event_shape: Shape, axes: int) -> bool:
        return len(event_shape) > axes  # else the categories are themselves positions

    def describes(self, x: Tensor) -> Tensor:
        return tf.reduce_all((x == 0) | (x == 1), axis=-1) & (tf.reduce_sum(x, axis=-1) == 1)

    def filled(self, x: Tensor) -> Tensor:
        x = tf.convert_to_tensor(x)
        first = tf.one_hot(0, x.shape[-1], dtype=x.dtype)
        return tf.where(tf.reduce_any(tf.math.is_nan(x), axis=-1, keepdims=True), first, x)

    def check_values(self, name: str, x: np.ndarray) -> None:
        one_hot = self.describes(tf.constant(x)).numpy()
        if np.all(one_hot):
            return
        first = tuple(int(i) for i in np.unravel_index(np.argmin(one_hot), one_hot.shape))
        raise ValueError(
            f"Argument `{name}` must be one-hot on its last axis for the likelihood Categorical: "
            f"a single 1 among zeros. Received: {name}{list(first)} = {x[first][:8]}. From labels, "
            "make it so: np.eye(num_categories)[labels]."
        )

    def distribution(self, parameters: Tensor, context: Tensor | None = None) -> Distribution:
        tfd = tfp.distributions
        logits = tf.cast(parameters, tf.float32)
        values = tfd.OneHotCategorical(logits=logits, dtype=tf.float32)
        return tfd.Independent(values, logits.shape.rank - 2)
