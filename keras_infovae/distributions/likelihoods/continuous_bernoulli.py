"""The continuous Bernoulli likelihood."""

import tensorflow as tf

from keras_infovae.distributions.likelihoods.base import Likelihood
from keras_infovae.typing import Distribution, Tensor
from keras_infovae.utils import probability as tfp
from keras_infovae.utils.serialization import register


@register
class ContinuousBernoulli(Likelihood):
    """The continuous Bernoulli likelihood, a density for data in [0, 1]:

        log p(x|z) = sum_i a_i x_i - log((exp(a_i) - 1) / a_i),        a = decoder(z)

    This is the cross-entropy of `Bernoulli` with the normalizer that makes it a density over gray
    levels. The mean is 1 / (1 - exp(-a)) - 1 / a, not the sigmoid of a.

    Example:

    >>> import keras_infovae as ki
    >>> p = ki.likelihoods.ContinuousBernoulli().distribution([[0.0, 2.0]])
    >>> p.log_prob([[0.5, 1.0]]).numpy().round(4), p.mean().numpy().round(4)
    (array([0.8386], dtype=float32), array([[0.5   , 0.6565]], dtype=float32))

    References:
        Loaiza-Ganem and Cunningham, The Continuous Bernoulli: Fixing a Pervasive Error in
        Variational Autoencoders, arXiv:1907.06845, section 3.
    """

    minimum = 0.0
    maximum = 1.0
    out_of_range_advice = (
        "Divide 8-bit images by 255, or choose likelihood='normal' for data on another scale."
    )

    def distribution(self, parameters: Tensor, context: Tensor | None = None) -> Distribution:
        tfd = tfp.distributions
        logits = tf.cast(parameters, tf.float32)
        values = tfd.ContinuousBernoulli(logits=logits)
        return tfd.Independent(values, logits.shape.rank - 1)
