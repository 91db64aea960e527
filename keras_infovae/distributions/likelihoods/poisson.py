"""The Poisson likelihood."""

import tensorflow as tf

from keras_infovae.distributions.likelihoods.count_probabilities import poisson
from keras_infovae.distributions.likelihoods.counts import CountLikelihood
from keras_infovae.typing import Distribution, Tensor
from keras_infovae.utils import probability as tfp
from keras_infovae.utils.serialization import register


@register
class Poisson(CountLikelihood):
    """The Poisson likelihood, for counts whose variance is about their mean:

        log p(x|z) = sum_i x_i log m_i - m_i - log(x_i!)

    Args:
        library_size: None (default): m = exp(decoder(z)), kept within 2e-9 and 5e8 by a smooth
            bound.
            `"observed"`: m = l softmax(log w + decoder(z)), where l, the library size, is the sum
            of the counts of the example, and w the shares of the training data. New examples have
            the median library size of the training data.

    Raises:
        ValueError: for another library size.

    Example:

    >>> import keras_infovae as ki
    >>> p = ki.likelihoods.Poisson().distribution([[0.0, 0.0]])
    >>> p.log_prob([[0.0, 2.0]]).numpy().round(4)
    array([-2.6931], dtype=float32)
    """

    def distribution(self, parameters: Tensor, context: Tensor | None = None) -> Distribution:
        log_mean = self.log_mean(tf.cast(parameters, tf.float32), context)
        return tfp.distributions.Independent(poisson(log_mean), log_mean.shape.rank - 1)
