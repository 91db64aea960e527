"""The Laplace likelihood."""

from keras_infovae.distributions.likelihoods.location_scale import LocationScale
from keras_infovae.typing import Distribution, Tensor
from keras_infovae.utils import probability as tfp
from keras_infovae.utils.serialization import register


@register
class Laplace(LocationScale):
    """The Laplace likelihood, for real-valued data with more large errors than a normal has:

        log p(x|z) = sum_i -|x_i - m_i| / s_i - log(2 s_i)

    The decoder's m is mean and median; absolute errors count where the normal counts squared ones.
    The standard deviation is sqrt(2) s.

    Args:
        scale, minimum_scale, scale_update, standardize: as for `Normal`. In closed form a learned
            scale follows the mean absolute error.

    Raises:
        ValueError, TypeError: for an unknown or non-positive scale.

    Example:

    >>> import keras_infovae as ki
    >>> p = ki.likelihoods.Laplace(scale=1.0).distribution([[0.0, 0.0]])
    >>> p.log_prob([[0.0, 1.0]]).numpy().round(4)
    array([-2.3863], dtype=float32)
    """

    scale_power = 1

    def values(self, location: Tensor, scale: Tensor) -> Distribution:
        return tfp.distributions.Laplace(location, scale)
