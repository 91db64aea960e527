"""The likelihood of data in which values are missing."""

import functools
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from keras_infovae.distributions import likelihoods
from keras_infovae.distributions.likelihoods.base import Likelihood
from keras_infovae.distributions.value_terms import log_prob_of_values
from keras_infovae.distributions.value_wise import value_wise
from keras_infovae.typing import Distribution, Shape, Tensor
from keras_infovae.utils.checks import argument_error, check_boolean
from keras_infovae.utils.follower import Follower, followers_of
from keras_infovae.utils.serialization import register

_ROWS = 65_536  # that are checked at a time


@register
class PartlyObserved(Likelihood, Follower):
    """The likelihood of x with missing values, which are NaN: what was observed counts.

        log p(observed values of x | z) = sum over observed i of log p_i(x_i | z)

    Given z values are independent, so that the others are integrated out exactly. The ELBO is a
    bound of the log density of the observed values, which is what there is to maximize where values
    are missing at random. The encoder sees 0 in the place of a missing value (for numbers that is
    their mean in the training data) and, with `mask`, which values were observed.

    Args:
        likelihood: the likelihood of complete data, or its name. Default "normal".
        mask: whether the encoder sees, behind x, 1 for each value that was observed and 0 for each
            other. Default True; it doubles the last axis of what the encoder sees.

    Raises:
        ValueError: for a likelihood that is told something of all of x (the library size of
            counts).

    Example:

    >>> import keras_infovae as ki
    >>> likelihood = ki.likelihoods.PartlyObserved(ki.likelihoods.Normal(scale=1.0))
    >>> p = likelihood.distribution([[0.0, 0.0]])
    >>> p.log_prob([[0.0, float("nan")]]).numpy().round(4)
    array([-0.9189], dtype=float32)

    References:
        Mattei and Frellsen, MIWAE: Deep Generative Modelling and Imputation of Incomplete Data
        Sets, arXiv:1812.02633, equation 3.
        Nazabal et al., Handling Incomplete Heterogeneous Data using VAEs, arXiv:1807.03653,
        section 3.1.
    """

    accepts_missing = True

    def __init__(self, likelihood: str | Likelihood = "normal", mask: bool = True) -> None:
        super().__init__()
        self.likelihood = likelihoods.get(likelihood)
        self.mask = check_boolean("mask", mask)
        if self.likelihood.context_size:
            raise argument_error(
                "likelihood", "one that is told nothing of all of x", self.likelihood
            )

    @property
    def minimum(self) -> float | None:
        """The least value of x, of complete data too; None for none."""
        return self.likelihood.minimum

    @property
    def maximum(self) -> float | None:
        """The largest value of x; None for none."""
        return self.likelihood.maximum

    @property
    def out_of_range_advice(self) -> str:
        """What to do about values outside of that."""
        return self.likelihood.out_of_range_advice

    @property
    def accepts_integers(self) -> bool:
        """Whether integer arrays are taken as they are."""
        return self.likelihood.accepts_integers

    def build(self, event_shape: Shape) -> None:
        if not self.likelihood.built:  # a saved one is built when it is restored
            self.likelihood.build(event_shape)
        self.built = True
        # Raises where values are not independent given z.
        parameters = tf.zeros([1, *self.parameter_shape(event_shape)])
        log_prob_of_values(self.likelihood.distribution(parameters), tf.zeros([1, *event_shape]))

    def parameter_shape(self, event_shape: Shape) -> Shape:
        return self.likelihood.parameter_shape(event_shape)

    def tells_missing(self, event_shape: Shape) -> np.ndarray:
        return np.full(event_shape, self.mask)

    def feature_shape(self, event_shape: Shape) -> Shape:
        shape = self.likelihood.feature_shape(event_shape)
        return (*shape[:-1], shape[-1] + event_shape[-1]) if self.mask else shape

    def check_event_shape(self, event_shape: Shape) -> None:
        self.likelihood.check_event_shape(event_shape)

    def describes_positions(self, event_shape: Shape, axes: int) -> bool:
        return False  # a decoder that reads x cannot read what is missing

    def is_probability(self, event_shape: Shape) -> np.ndarray:
        return self.likelihood.is_probability(event_shape)

    def dimensions(self, event_shape: Shape) -> int:
        return self.likelihood.dimensions(event_shape)

    def filled(self, x: Tensor) -> Tensor:
        return self.likelihood.filled(x)

    def describes(self, x: Tensor) -> Tensor:
        return self.likelihood.describes(self.filled(x))

    def check_range(self, name: str, x: np.ndarray) -> None:
        """Raises ValueError unless all observed values are in [minimum, maximum]."""
        if not np.all(np.isnan(x)):
            low, high = np.nanmin(x), np.nanmax(x)
            self.likelihood.check_range(name, np.array([low, high], x.dtype))

    def check_values(self, name: str, x: np.ndarray) -> None:
        """Raises ValueError where what was observed cannot be described."""
        for end in range(_ROWS, len(x) + _ROWS, _ROWS):  # x may fill a good part of the memory
            try:
                self.likelihood.check_values(name, self.filled(x[end - _ROWS : end]).numpy())
            except ValueError:  # which is to name the row by its place in x
                self.likelihood.check_values(name, self.filled(x[:end]).numpy())

    def features(self, x: Tensor) -> Tensor:
        missing = tf.math.is_nan(x)
        seen = tf.where(missing, 0.0, self.likelihood.features(self.filled(x)))
        return tf.concat([seen, tf.where(missing, 0.0, 1.0)], axis=-1) if self.mask else seen

    def adapt(self, x: np.ndarray) -> None:
        self.likelihood.adapt(x)

    def distribution(self, parameters: Tensor, context: Tensor | None = None) -> Distribution:
        p = self.likelihood.distribution(parameters, context)
        return value_wise(p, functools.partial(log_prob_of_values, p))

    @property
    def followed_variables(self) -> list:
        """Those of the likelihood of complete data."""
        return followers_of([self.likelihood]).followed_variables

    def follow(self, gradients: Sequence[Tensor]) -> None:
        followers_of([self.likelihood]).follow(gradients)
