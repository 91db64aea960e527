"""A density that a base is tilted by an energy to, as a TensorFlow Probability distribution."""

import functools

import tensorflow as tf

from keras_infovae.distributions.exact_or_drawn_kl import exact_or_drawn_kl
from keras_infovae.samplers import row_noise, seeded_noise
from keras_infovae.utils import probability as tfp
from keras_infovae.utils import row_random
from keras_infovae.utils.randomness import split_seed


def energy_distribution(prior, base):
    """Returns p(z) = exp(f(z)) p0(z) / Z of an `EnergyBased` prior; `base` is p0(z)."""
    return _distribution_class()(prior, base)


@functools.cache
def _distribution_class():
    """Returns the class, made at first use: its base comes from TensorFlow Probability."""

    class EnergyDistribution(tfp.distributions.Distribution):
        """p(z) = exp(f(z)) p0(z) / Z, with draws by chains: no batch shape, event shape that of z.

        `start` is p0, which can be drawn from exactly: what annealing and inference begin at.
        """

        def __init__(self, prior, base):
            self._prior = prior
            self.start = base
            super().__init__(
                dtype=tf.float32,
                reparameterization_type=tfp.distributions.NOT_REPARAMETERIZED,
                validate_args=False,
                allow_nan_stats=True,
                name="EnergyDistribution",
            )

        def _log_prob(self, z):
            log_partition = tf.convert_to_tensor(self._prior.log_partition)
            return self._prior.energy(z) + self.start.log_prob(z) - log_partition

        def kl_rows(self, posterior, z):
            """Returns KL(q || p) = KL(q || p0) - E_q f + log Z, [n]; E_q over draws z of q."""
            to_base = exact_or_drawn_kl(posterior, self.start, z)
            log_partition = tf.convert_to_tensor(self._prior.log_partition)
            return to_base - tf.reduce_mean(self._prior.energy(z), axis=0) + log_partition

        def _sample_n(self, n, seed=None):
            start, noise = split_seed(tfp.random.sanitize_seed(seed), 2)
            u = tf.random.stateless_normal([n, *self._event_shape()], start)
            return self._prior.run(u, seeded_noise(noise))[0]

        def sample_rows(self, seeds, num_samples=None):
            """Returns draws with a seed per row; `distributions.row_draws` documents them."""
            shape, samples = self._event_shape().as_list(), num_samples or 1
            u = row_random.normal(row_random.fold_in(seeds, 0), shape, samples)
            noise = row_noise(row_random.fold_in(seeds, 1), shape, samples)
            z, _ = self._prior.run(u, noise)
            return z[0] if num_samples is None else z

        def _batch_shape(self):
            return tf.TensorShape([])

        def _batch_shape_tensor(self):
            return tf.constant([], tf.int32)

        def _event_shape(self):
            return self.start.event_shape

        def _event_shape_tensor(self):
            return tf.constant(self._event_shape().as_list(), tf.int32)

    return EnergyDistribution
