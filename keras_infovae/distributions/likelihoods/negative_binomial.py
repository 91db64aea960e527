"""The negative binomial likelihood."""

import numpy as np
import tensorflow as tf

from keras_infovae.distributions.base import bounded_log
from keras_infovae.distributions.likelihoods import count_moments
from keras_infovae.distributions.likelihoods.count_probabilities import negative_binomial
from keras_infovae.distributions.likelihoods.counts import CountLikelihood
from keras_infovae.typing import Distribution, Shape, Tensor
from keras_infovae.utils import probability as tfp
from keras_infovae.utils.checks import check_choice, check_number
from keras_infovae.utils.serialization import register

_LOG_DISPERSION_LIMIT = 7.0  # dispersions lie between exp(-7) = 9e-4 and exp(7) = 1.1e3
# An optimizer moves a weight by about its learning rate a step, by which a dispersion would take
# thousands of steps: it moves ten times as fast as the weights of the networks.
_SPEED = 10.0
_LEARNED_DISPERSIONS = ("global", "per_value")


@register
class NegativeBinomial(CountLikelihood):
    """The negative binomial likelihood, for counts that vary more than a Poisson allows:

        log p(x|z) = sum_i log NB(x_i; mean m_i, variance m_i + d_i m_i^2)

    It is a Poisson whose rate has a gamma distribution of mean m and squared coefficient of
    variation d, the dispersion. As d goes to 0 the Poisson is left.

    Args:
        dispersion: `"global"` (default): one d per column (or pixel), weights of the model, which
            start from the moments of the training data at the first `fit`.
            `"per_value"`: the decoder gives d for every value, as a second number,
            [..., 2] = (mean, log dispersion).
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
    >>> p = ki.likelihoods.NegativeBinomial(dispersion=0.5).distribution([[1.0]])
    >>> p.mean().numpy().round(1), p.variance().numpy().round(1)
    (array([[2.7]], dtype=float32), array([[6.4]], dtype=float32))

    References:
        Lopez et al., Deep generative modeling for single-cell transcriptomics, Nature Methods 15
        (2018), the generative model of scVI.
    """

    def __init__(self, dispersion: str = "global", library_size: str | None = None) -> None:
        super().__init__(library_size)
        if isinstance(dispersion, str):
            check_choice("dispersion", dispersion, _LEARNED_DISPERSIONS)
        else:
            dispersion = check_number("dispersion", dispersion, exclusive_minimum=0)
        self.dispersion = dispersion
        self.scaled_log_dispersion = None

    @property
    def parameters_per_value(self) -> int:
        return 2 if self.dispersion == "per_value" else 1

    def describes_positions(self, event_shape: Shape, axes: int) -> bool:
        own_weights = self.dispersion == "global"  # of each position
        return not own_weights and super().describes_positions(event_shape, axes)

    def build(self, event_shape: Shape) -> None:
        if self.dispersion == "global":
            self.scaled_log_dispersion = self.add_weight(
                name="scaled_log_dispersion", shape=tuple(event_shape), initializer="zeros"
            )
        super().build(event_shape)

    def learn_moments(self, x: np.ndarray) -> None:
        super().learn_moments(x)
        if self.dispersion == "global":
            found = np.log(count_moments.dispersions(x, self.library_size == "observed"))
            raw = _LOG_DISPERSION_LIMIT * np.arctanh(found / _LOG_DISPERSION_LIMIT)
            self.scaled_log_dispersion.assign(raw / _SPEED)

    def distribution(self, parameters: Tensor, context: Tensor | None = None) -> Distribution:
        parameters = tf.cast(parameters, tf.float32)
        rest = None
        if self.dispersion == "per_value":
            parameters, rest = tf.unstack(parameters, axis=-1)
        values = self.values(self.log_mean(parameters, context), rest)
        return tfp.distributions.Independent(values, parameters.shape.rank - 1)

    def values(self, log_mean: Tensor, log_dispersion: Tensor) -> Distribution:
        """Returns the TFP distribution of each value; `log_dispersion` is None unless per value."""
        if self.dispersion == "global":
            log_dispersion = _SPEED * tf.convert_to_tensor(self.scaled_log_dispersion)
        if self.dispersion in _LEARNED_DISPERSIONS:
            log_dispersion = bounded_log(log_dispersion, _LOG_DISPERSION_LIMIT)
        else:
            log_dispersion = tf.math.log(self.dispersion)
        return negative_binomial(log_mean, log_dispersion)
