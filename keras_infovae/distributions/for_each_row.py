"""One distribution as that of each row of a batch."""

import functools

import tensorflow as tf

from keras_infovae.distributions.row_draws import draw_rows
from keras_infovae.utils import probability as tfp


def for_each_row(distribution, rows):
    """Returns a batch [rows] of a TFP distribution with batch shape [].

    `rows` may be a tensor, of which a graph knows that it is a scalar.
    """
    return _distribution_class()(distribution, rows)


@functools.cache
def _distribution_class():
    """Returns the class, made at first use: its base comes from TensorFlow Probability."""

    class ForEachRow(tfp.distributions.Distribution):
        """The same distribution for each row."""

        def __init__(self, distribution, rows):
            self._one, self._rows = distribution, tf.convert_to_tensor(rows)
            super().__init__(
                dtype=distribution.dtype,
                reparameterization_type=distribution.reparameterization_type,
                validate_args=False,
                allow_nan_stats=True,
                name="ForEachRow",
            )

        def _log_prob(self, x):
            return self._one.log_prob(x)

        def _sample_n(self, n, seed=None):
            return self._one.sample([n, self._rows], seed=seed)

        def sample_rows(self, seeds, num_samples=None):
            """Returns draws with a seed per row; `distributions.row_draws` documents them."""
            return draw_rows(self._one, seeds, num_samples)

        def _of_rows(self, value):
            return tf.repeat(value[None], self._rows, axis=0)

        def _mean(self):
            return self._of_rows(self._one.mean())

        def _mode(self):
            return self._of_rows(self._one.mode())

        def _variance(self):
            return self._of_rows(self._one.variance())

        def _covariance(self):
            return self._of_rows(self._one.covariance())

        def _batch_shape(self):
            return tf.TensorShape([tf.get_static_value(self._rows)])

        def _batch_shape_tensor(self):
            return self._rows[None]

        def _event_shape(self):
            return self._one.event_shape

        def _event_shape_tensor(self):
            return self._one.event_shape_tensor()

    return ForEachRow
