"""A TensorFlow Probability distribution whose log density is a sum over values."""

import functools

import tensorflow as tf

from keras_infovae.distributions.row_draws import draw_rows
from keras_infovae.utils import probability as tfp


def value_wise(distribution, terms):
    """Returns `distribution` with the `log_prob` sum_i terms(x)_i over the axes of its event.

    Mean, mode, variance and draws are those of `distribution`.

    Args:
        distribution: a TFP distribution with batch shape [n].
        terms: a function of x [..., n, *event_shape] to as many numbers, such as
            `value_terms.log_prob_of_values` gives. The result has it as its method of that name.
    """
    return _distribution_class()(distribution, terms)


@functools.cache
def _distribution_class():
    """Returns the class, made at first use: its base comes from TensorFlow Probability."""

    class ValueWise(tfp.distributions.Distribution):
        """A distribution by its values; batch and event shape are the given one's."""

        def __init__(self, distribution, terms):
            self._all = distribution
            self.log_prob_of_values = terms
            super().__init__(
                dtype=tf.float32,
                reparameterization_type=distribution.reparameterization_type,
                validate_args=False,
                allow_nan_stats=True,
                name="ValueWise",
            )

        def _log_prob(self, x):
            axes = list(range(-self.event_shape.rank, 0))
            return tf.reduce_sum(self.log_prob_of_values(x), axis=axes)

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

    return ValueWise
