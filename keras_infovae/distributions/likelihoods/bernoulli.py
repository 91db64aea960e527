"""The Bernoulli likelihood."""

import tensorflow as tf

from keras_infovae.distributions.likelihoods.base import Likelihood
from keras_infovae.typing import Distribution, Tensor
from keras_infovae.utils import probability as tfp
from keras_infovae.utils.serialization import register


@register
class Bernoulli(Likelihood):
    """The Bernoulli likelihood, for data in [0, 1]:

        log p(x|z) = sum_i x_i log m_i + (1 - x_i) log(1 - m_i),        m = sigmoid(decoder(z))

    For x strictly between 0 and 1, such as gray levels, this is the usual cross-entropy, not a
    normalized density.

    Example:

    >>> import keras_infovae as ki
    >>> p = ki.likelihoods.Bernoulli().distribution([[0.0, 0.0]])
    >>> p.log_prob([[1.0, 0.0]]).numpy().round(4)
    array([-1.3863], dtype=float32)
    """

    is_discrete = True
    minimum = 0.0
    maximum = 1.0
    out_of_range_advice = (
        "Divide 8-bit images by 255, or choose likelihood='normal' for data on another scale."
    )

    def distribution(self, parameters: Tensor, context: Tensor | None = None) -> Distribution:
        tfd = tfp.distributions
        logits = tf.cast(parameters, tf.float32)
        values = tfd.Bernoulli(logits=logits, dtype=tf.float32)
        return tfd.Independent(values, logits.shape.rank - 1)
