"""The density of those values of x that were observed, as a TensorFlow Probability distribution."""

import functools

import tensorflow as tf

from keras_infovae.distributions.row_draws import draw_rows
from keras_infovae.utils import probability as tfp
from keras_infovae.utils.checks import argument_error


def observed_values(distribution):
    """Returns `distribution` with a `log_prob` that counts observed values alone.

    A value that is NaN was not observed. The values of the distribution are independent, so that
    leaving one out of the sum integrates it out:

        log p(observed) = sum over observed i of log p_i(x_i)

    Mean, mode and draws are of all values. A variable of several columns (one-hot categories) is
    observed where all of them are.

    Args:
        distribution: a TFP distribution with batch shape [n] that is made of `Blockwise` and
            `Independent` over distributions of one variable.
    """
    return _distribution_class()(distribution)


def log_prob_of_observed(distribution, x):
    """Returns the sum of log p_i(x_i) over the observed variables of x, float32 [..., n].

    Args:
        distribution: as for `observed_values`.
        x: [..., n, *event_shape], NaN where nothing was observed.
    """
    tfd = tfp.distributions
    if isinstance(distribution, tfd.Blockwise):
        parts = distribution.parameters["distributions"]
        values = tf.split(x, [part.event_shape[0] for part in parts], axis=-1)
        return tf.add_n([log_prob_of_observed(part, value) for part, value in zip(parts, values)])
    if isinstance(distribution, tfd.Independent):
        variables = distribution.distribution
        rank = variables.batch_shape.rank - distribution.batch_shape.rank
        axes = list(range(-rank, 0))
        return tf.reduce_sum(_log_prob_of_each(variables, x), axis=axes)
    return _log_prob_of_each(distribution, x)


def _log_prob_of_each(variables, x):
    """Returns log p of each variable, 0 where it was not observed."""
    missing = tf.math.is_nan(x)
    # The value in its place must have a finite density and gradient, or 0 times them is NaN.
    filled = tf.where(missing, tf.stop_gradient(tf.cast(variables.mean(), x.dtype)), x)
    for _ in range(variables.event_shape.rank):
        missing = tf.reduce_any(missing, axis=-1)
    return tf.where(missing, 0.0, tf.cast(variables.log_prob(filled), tf.float32))


@functools.cache
def _distribution_class():
    """Returns the class, made at first use: its base comes from TensorFlow Probability."""

    class ObservedValues(tfp.distributions.Distribution):
        """p(x) of which only observed values count; batch and event shape are the given ones."""

        def __init__(self, distribution):
            self._all = distribution
            super().__init__(
                dtype=tf.float32,
                reparameterization_type=distribution.reparameterization_type,
                validate_args=False,
                allow_nan_stats=True,
                name="ObservedValues",
            )

        def _log_prob(self, x):
            return log_prob_of_observed(self._all, x)

        def _mean(self):
            return self._all.mean()

        def _variance(self):
            return self._all.variance()

        def _mode(self):
            return self._all.mode()

        def _sample_n(self, n, seed=None):
            return self._all.sample(n, seed=seed)

        def sample_rows(self, seeds, num_samples=None):
            """Returns draws with a seed per row; `distributions.row_draws` documents them."""
            return draw_rows(self._all, seeds, num_samples)

        def _batch_shape(self):
            return self._all.batch_shape

        def _batch_shape_tensor(self):
            return self._all.batch_shape_tensor()

        def _event_shape(self):
            return self._all.event_shape

        def _event_shape_tensor(self):
            return self._all.event_shape_tensor()

    return ObservedValues


def check_variables(distribution, name):
    """Raises ValueError where `distribution` is not made of independent variables."""
    tfd = tfp.distributions
    if isinstance(distribution, tfd.Blockwise):
        for part in distribution.parameters["distributions"]:
            check_variables(part, name)
    elif distribution.event_shape.rank > 0 and not isinstance(
        distribution, (tfd.Independent, tfd.OneHotCategorical)
    ):
        raise argument_error(name, "of values that are independent given z", type(distribution))
