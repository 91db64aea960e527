"""The zero-inflated negative binomial likelihood."""

import tensorflow as tf

from keras_infovae.distributions.likelihoods.negative_binomial import NegativeBinomial
from keras_infovae.typing import Distribution, Tensor
from keras_infovae.utils import probability as tfp
from keras_infovae.utils.serialization import register


@register
class ZeroInflatedNegativeBinomial(NegativeBinomial):
    """The negative binomial likelihood with more zeros, such as those of failed measurements:

        p(x_i|z) = w_i [x_i = 0] + (1 - w_i) NB(x_i; mean m_i, variance m_i + d_i m_i^2)

    with log p(x|z) the sum over i. The decoder gives (mean, logit of w) for every value,
    [..., 2]. The mean of x_i is (1 - w_i) m_i. Zeros alone do not call for it: the negative
    binomial has many where its mean is low or its dispersion high.

    Args:
        dispersion: `"global"` (default): one d per column (or pixel), weights of the model, which
            start from the moments of the training data at the first `fit`.
            `"per_value"`: the decoder gives d for every value, as a third number,
            [..., 3] = (mean, logit of w, log dispersion).
            A positive number: fixed. Learned ones lie between 9e-4 and 1.1e3.
        library_size: None (default): m = exp(decoder(z)), kept within 2e-9 and 5e8 by a smooth
            bound.
            `"observed"`: m = l softmax(log w + decoder(z)), where l, the library size, is the sum
            of the counts of the example, and w the shares of the training data. New examples have
            the median library size of the training data.

    Raises:
        ValueError, TypeError: for an unknown or non-positive dispersion, or another library size.

    Example:

    >>> import keras_infovae as ki
    >>> likelihood = ki.likelihoods.ZeroInflatedNegativeBinomial(dispersion=1.0)
    >>> p = likelihood.distribution([[[0.0, 0.0]]])  # m = 1, w = 1/2: p(0) = 1/2 + 1/2 * 1/2
    >>> p.prob([[0.0]]).numpy().round(4), p.mean().numpy()
    (array([0.75], dtype=float32), array([[0.5]], dtype=float32))

    References:
        Lopez et al., Deep generative modeling for single-cell transcriptomics, Nature Methods 15
        (2018), the generative model of scVI.
    """

    @property
    def parameters_per_value(self) -> int:
        return 3 if self.dispersion == "per_value" else 2

    def distribution(self, parameters: Tensor, context: Tensor | None = None) -> Distribution:
        tfd = tfp.distributions
        parameters, logits, *rest = tf.unstack(tf.cast(parameters, tf.float32), axis=-1)
        counts = self.values(self.log_mean(parameters, context), rest[0] if rest else None)
        # Not `ZeroInflatedNegativeBinomial` of TFP, which takes sigmoid(2 logits) for w.
        zero_or_count = tfd.Categorical(logits=tf.stack([logits, tf.zeros_like(logits)], axis=-1))
        zeros = tfd.Deterministic(tf.zeros_like(logits))
        values = tfd.Mixture(zero_or_count, [zeros, counts])
        return tfd.Independent(values, logits.shape.rank - 1)
