"""p(x|z) of a decoder that reads x, as a TensorFlow Probability distribution."""

import functools

import tensorflow as tf

from keras_infovae.utils import probability as tfp
from keras_infovae.utils import row_random


def autoregressive_distribution(decoder, z, likelihood, context=None, training=False, read=None):
    """Returns p(x|z) of an `AutoregressiveDecoder`; its method `distribution` documents it."""
    return _distribution_class()(decoder, z, likelihood, context, training, read)


@functools.cache
def _distribution_class():
    """Returns the class, made at first use: its base comes from TensorFlow Probability."""

    class AutoregressiveDistribution(tfp.distributions.Distribution):
        """p(x|z) = prod_i p(x_i | x_1, ..., x_{i-1}, z): batch shape [n], event shape that of x."""

        def __init__(self, decoder, z, likelihood, context, training, read):
            self._decoder = decoder
            self._z = tf.cast(z, tf.float32)
            self._likelihood = likelihood
            self._context = context
            self._training = training
            self._read = read
            super().__init__(
                dtype=tf.float32,
                reparameterization_type=tfp.distributions.NOT_REPARAMETERIZED,
                validate_args=False,
                allow_nan_stats=True,
                name="AutoregressiveDistribution",
            )

        def conditionals(self, x):
            """Returns p(x_i | the values before it, z) for all of x [n, *event_shape]."""
            inputs = [self._z, self._likelihood.features(x)]
            parameters = self._decoder(inputs, training=self._training)
            return self._likelihood.distribution(parameters, self._context)

        def _log_prob(self, x):
            how = {"training": self._training, "read": self._read}
            if self._read is not None:
                return self._decoder.log_prob(self._z, x, self._likelihood, self._context, **how)
            # Several draws per z have leading axes, and are decoded as one long batch; one x may
            # be held against many z, and many x against one.
            x, event_shape = tf.cast(x, tf.float32), self._decoder.event_shape
            rows = tf.shape(self._z)[:1]
            leading = tf.broadcast_dynamic_shape(tf.shape(x)[: -len(event_shape)], rows)
            x = tf.broadcast_to(x, tf.concat([leading, event_shape], axis=0))
            flat = tf.reshape(x, [-1, *event_shape])
            copies = tf.shape(flat)[0] // tf.maximum(rows[0], 1)
            z, context = _repeat(self._z, copies), _repeat(self._context, copies)
            log_p = self._decoder.log_prob(z, flat, self._likelihood, context, **how)
            return tf.reshape(log_p, leading)

        def _sample_n(self, n, seed=None):
            count = tf.shape(self._z)[0]
            seeds = row_random.seeds_of_rows(tfp.random.sanitize_seed(seed), 0, count)
            return self.sample_rows(seeds, n)

        def sample_rows(self, seeds, num_samples=None):
            """Returns draws with a seed per row; `distributions.row_draws` documents them."""
            samples = 1 if num_samples is None else num_samples
            z, context = _repeat(self._z, samples), _repeat(self._context, samples)
            rows = tf.reshape(row_random.fold_in(seeds, tf.range(samples)), [-1, 2])
            x = self._likelihood.whole(self._decoder.draw(z, self._likelihood, rows, context))
            event_shape = self._decoder.event_shape
            return tf.reshape(x, row_random.full_shape(seeds, event_shape, num_samples))

        def _mean(self):
            seeds = tf.zeros([tf.shape(self._z)[0], 2], tf.int32)  # the same for each row
            likeliest = self._likelihood.likeliest()
            if likeliest is not None:
                path = self._decoder.draw(self._z, likeliest, seeds, self._context)
                return self._likelihood.whole(path)
            path = self._decoder.draw(self._z, self._likelihood, seeds, self._context)
            return tf.cast(self.conditionals(path).mean(), tf.float32)

        def _batch_shape(self):
            return self._z.shape[:-1]

        def _batch_shape_tensor(self):
            return tf.shape(self._z)[:-1]

        def _event_shape(self):
            return tf.TensorShape(self._decoder.event_shape)

        def _event_shape_tensor(self):
            return tf.constant(self._decoder.event_shape, tf.int32)

    return AutoregressiveDistribution


def _repeat(rows, copies):
    """Returns `rows` [n, d], one copy after another: [copies * n, d]. None stays None."""
    if rows is None or (isinstance(copies, int) and copies == 1):
        return rows
    return tf.tile(rows, [copies, 1])
