"""The normal likelihood."""

from keras_infovae.distributions.likelihoods.location_scale import LocationScale
from keras_infovae.typing import Distribution, Tensor
from keras_infovae.utils import probability as tfp
from keras_infovae.utils.serialization import register


@register
class Normal(LocationScale):
    """The normal likelihood, for real-valued data:

        log p(x|z) = sum_i log N(x_i; m_i, s_i^2)

    with every normalizer log(s_i sqrt(2 pi)) counted once per value of x. The scale decides how
    much the reconstruction counts against the other terms, so a guess (the usual s = 1) is a
    hidden weight; the default learns it, in units of the training data.

    Args:
        scale: `"global"` (default): one s for all values, a weight of the model.
            `"per_column"`: one s for each column (or channel: each entry of the last axis),
            weights of the model.
            `"per_value"`: the decoder gives s for every pixel or column, as a second number
            per value, [..., 2] = (mean, log scale).
            A positive number: fixed.
        minimum_scale: a learned scale stays above it, in units of the training data, or of x
            without `standardize`. Default 0.01. It is what keeps the likelihood of data that can be
            fitted exactly from growing without bound.
        scale_update: how a scale that is a weight is found. `"closed_form"` (default): it follows
            its optimum given the decoder, the root mean square of the errors, as a running mean
            over batches; the optimizer does not touch it. `"gradient"`: a weight like others.
        standardize: True (default): a learned scale, the location and what the encoder sees are in
            units of the training data (mean and standard deviation of all values; for
            "per_column", of each column), learned by the first `fit`, of a dataset from its first
            batch. The unit of x then makes no difference to a training. Own networks see and give
            standardized numbers. False: all is in the unit of x, as it is with a fixed scale.

    Raises:
        ValueError, TypeError: for an unknown or non-positive scale.

    Example:

    >>> import keras_infovae as ki
    >>> p = ki.likelihoods.Normal(scale=1.0).distribution([[0.0, 0.0]])
    >>> p.log_prob([[0.0, 0.0]]).numpy().round(4)
    array([-1.8379], dtype=float32)

    References:
        Rybkin et al., Simple and Effective VAE Training with Calibrated Decoders,
        arXiv:2006.13202, section 3.3 (optimal sigma-VAE).
    """

    def values(self, location: Tensor, scale: Tensor) -> Distribution:
        return tfp.distributions.Normal(location, scale)
