"""The likelihood of values that were transformed one by one."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from keras_infovae.distributions import likelihoods
from keras_infovae.distributions.likelihoods.base import Likelihood
from keras_infovae.distributions.value_terms import log_prob_of_values
from keras_infovae.distributions.value_wise import value_wise
from keras_infovae.typing import Distribution, Shape, Tensor
from keras_infovae.utils.checks import argument_error
from keras_infovae.utils.follower import Follower, followers_of
from keras_infovae.utils.serialization import register

LARGEST = 5.0  # log slopes are known from -LARGEST to LARGEST


@register
class Transformed(Likelihood, Follower):
    """The likelihood, in their own unit, of values v of which x_i = T_i(v_i) is seen:

        log p(v|z) = log p(x|z) + sum_i log T_i'(v_i)

    x is what models take and give; the densities, and so ELBOs and scores, are those of v. A value
    in the midst of a crowd and one that is far from all others may have the same x by quantiles;
    the slope of T tells them apart.

    Args:
        likelihood: p(x|z), of columns [n, columns], or its name.
        log_slopes: for each column, log T' at evenly spaced values of x from -5 to 5, at least 2,
            between which it is linear, and beyond which it goes on as between the last two.

    Raises:
        ValueError: for other numbers of columns than x has.

    Example:

    >>> import math
    >>> import keras_infovae as ki
    >>> slopes = [[math.log(2.0)] * 2]  # x = 2 v
    >>> likelihood = ki.likelihoods.Transformed(ki.likelihoods.Normal(scale=1.0), slopes)
    >>> likelihood.build((1,))
    >>> likelihood.distribution([[0.0]]).log_prob([[0.0]]).numpy().round(4)  # N(v; 0, 1/2)
    array([-0.2258], dtype=float32)
    """

    def __init__(self, likelihood: str | Likelihood, log_slopes: Any) -> None:
        super().__init__()
        self.likelihood = likelihoods.get(likelihood)
        self.log_slopes = [[float(value) for value in column] for column in log_slopes]
        lengths = {len(column) for column in self.log_slopes}
        if len(lengths) != 1 or min(lengths) < 2:
            raise argument_error("log_slopes", "lists of one length of at least 2", lengths)

    def build(self, event_shape: Shape) -> None:
        if not self.likelihood.built:  # a saved one is built when it is restored
            self.likelihood.build(event_shape)
        self.built = True

    def parameter_shape(self, event_shape: Shape) -> Shape:
        return self.likelihood.parameter_shape(event_shape)

    def check_event_shape(self, event_shape: Shape) -> None:
        self.likelihood.check_event_shape(event_shape)
        if tuple(event_shape) != (len(self.log_slopes),):
            raise ValueError(
                f"The likelihood Transformed needs tables of {len(self.log_slopes)} columns, as "
                f"many as `log_slopes`. Received: x of shape {tuple(event_shape)} per example"
            )

    def describes_positions(self, event_shape: Shape, axes: int) -> bool:
        return False  # each column has a transform of its own

    def features(self, x: Tensor) -> Tensor:
        return self.likelihood.features(x)

    def adapt(self, x: np.ndarray) -> None:
        self.likelihood.adapt(x)

    def distribution(self, parameters: Tensor, context: Tensor | None = None) -> Distribution:
        p = self.likelihood.distribution(parameters, context)

        def terms(x):
            missing = tf.math.is_nan(x)
            slopes = self._log_slope(tf.where(missing, tf.zeros_like(x), x))
            return log_prob_of_values(p, x) + tf.where(missing, 0.0, slopes)

        return value_wise(p, terms)

    def _log_slope(self, x):
        """Returns log T' at x [..., columns], of the same shape."""
        table = np.array(self.log_slopes, "float32")
        last = table.shape[1] - 1
        place = (x + LARGEST) * (last / (2.0 * LARGEST))
        left = tf.clip_by_value(tf.floor(place), 0.0, last - 1.0)
        share, rows = place - left, tf.cast(left, tf.int32)
        columns = tf.range(len(table)) * (last + 1)
        flat = tf.reshape(tf.constant(table), [-1])
        low, high = (tf.gather(flat, columns + rows + side) for side in (0, 1))
        return low + share * (high - low)

    @property
    def followed_variables(self) -> list:
        """Those of the likelihood of x."""
        return followers_of([self.likelihood]).followed_variables

    def follow(self, gradients: Sequence[Tensor]) -> None:
        followers_of([self.likelihood]).follow(gradients)
