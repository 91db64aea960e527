"""p(z|x) of a generator that is affine on regions, as a TFP distribution."""

import functools

import tensorflow as tf

from keras_infovae.distributions.piecewise_affine import mixture
from keras_infovae.utils import probability as tfp
from keras_infovae.utils import row_random


def piecewise_affine_posterior(pieces, x, log_joint, dtype=tf.float64):
    """Returns p(z|x), a mixture of normals that are cut off at the borders of regions.

    Args:
        pieces: the `Pieces`, in units of the noise, of one or two latents.
        x: [n, D], in these units, float64.
        log_joint: function of z [k, n, S] to log p(x, z) [k, n], in the unit that x has here.
        dtype: of what it takes and gives; it computes in float64. Default float64.

    Returns:
        A TFP distribution with batch shape [n] and event shape [S]: `log_prob`, `sample`,
        `mean`, `covariance`, `variance` and `mode`, all exact; `log_marginal`, log p(x) [n]; and
        draws by `draw_rows`.
    """
    return _distribution_class()(pieces, x, log_joint, dtype)


@functools.cache
def _distribution_class():
    tfd = tfp.distributions

    class PiecewiseAffinePosterior(tfd.Distribution):
        def __init__(self, pieces, x, log_joint, dtype):
            self._whitened = mixture.whiten(pieces, x)
            self._log_joint = log_joint
            self._latent_dim = pieces.matrices.shape[1]
            self._rows = tf.shape(x)[0]
            self._static_rows = x.shape[0]
            super().__init__(
                dtype=dtype,
                reparameterization_type=tfd.NOT_REPARAMETERIZED,
                validate_args=False,
                allow_nan_stats=True,
                name="PiecewiseAffinePosterior",
            )
            # Here and not where it is asked for, which may be within a loop of a graph.
            self._pairs = mixture.pairs_of(self._whitened, with_moments=True)
            self.log_marginal = mixture.log_marginal(self._pairs, self._rows)
            self._moments = self._mean_and_covariance()

        def _mean_and_covariance(self):
            means, squares = mixture.latent_moments(self._whitened, self._pairs)
            rows, count = self._pairs.rows, tf.cast(self._rows, tf.int64)
            weights = tf.exp(self._pairs.log_joint - tf.gather(self.log_marginal, rows))
            mean = tf.math.unsorted_segment_sum(weights[:, None] * means, rows, count)
            # About the mean, lest a small variance be the difference of large numbers.
            apart = means - tf.gather(mean, rows)
            spread = squares - means[:, :, None] * means[:, None, :]
            spread += apart[:, :, None] * apart[:, None, :]
            covariance = tf.math.unsorted_segment_sum(weights[:, None, None] * spread, rows, count)
            return mean, covariance

        def _mean(self):
            return tf.cast(self._moments[0], self.dtype)

        def _covariance(self):
            return tf.cast(self._moments[1], self.dtype)

        def _variance(self):
            return tf.cast(tf.linalg.diag_part(self._moments[1]), self.dtype)

        def _mode(self):
            pairs, family = self._pairs, mixture.family_of(self._latent_dim)
            y = family.nearest(pairs.cells)
            factors = tf.gather(self._whitened.factors, pairs.regions)
            where = tf.stack([pairs.rows, pairs.regions], axis=-1)
            height = tf.gather_nd(self._whitened.log_kappa, where)
            height += tf.reduce_sum(tf.math.log(tf.linalg.diag_part(factors)), axis=-1)
            height -= 0.5 * tf.reduce_sum(tf.square(y), axis=-1)
            count = tf.cast(self._rows, tf.int64)
            top = tf.math.unsorted_segment_max(height, pairs.rows, count)
            best = tf.where(height == tf.gather(top, pairs.rows))[:, 0]
            # The first of those that are equally high, on a common border.
            first = tf.math.unsorted_segment_min(best, tf.gather(pairs.rows, best), count)
            best = (tf.gather(a, first) for a in (y, pairs.rows, pairs.regions))
            return tf.cast(self._back(*best), self.dtype)

        def _log_prob(self, z):
            shape = tf.broadcast_dynamic_shape(tf.shape(z), [self._rows, self._latent_dim])
            draws = tf.reshape(tf.broadcast_to(z, shape), [-1, self._rows, self._latent_dim])
            log_joint = tf.cast(self._log_joint(draws), tf.float64)
            log_prob = tf.reshape(log_joint - self.log_marginal, shape[:-1])
            return tf.cast(log_prob, self.dtype)

        def _sample_n(self, n, seed=None):
            if seed is None or isinstance(seed, int):
                seed = tfp.random.sanitize_seed(seed)
            return self.sample_rows(row_random.seeds_of_rows(seed, 0, self._rows), n)

        def sample_rows(self, seeds, num_samples=None):
            """Returns draws by a seed for each row, as `draw_rows` does."""
            draws = 1 if num_samples is None else num_samples
            z = self._at(row_random.uniform(seeds, [3], draws), draws)
            return z[0] if num_samples is None else z

        def sample_each(self, seeds):
            """Returns draws by seeds [k, n, 2], [k, n, S]: k times `sample_rows`, at once."""
            uniform = row_random.uniform(tf.reshape(seeds, [-1, 2]), [3])
            return self._at(tf.reshape(uniform, [*seeds.shape[:2], 3]), seeds.shape[0])

        def _at(self, uniform, draws):
            """Returns the draws that uniform numbers [draws, n, 3] give, [draws, n, S]."""
            uniform = tf.cast(uniform, tf.float64)
            chosen = self._choose(uniform[..., 0])
            rows = tf.tile(tf.range(tf.cast(self._rows, tf.int64))[None], [draws, 1])
            rows, chosen = tf.reshape(rows, [-1]), tf.reshape(chosen, [-1])
            cells = mixture.shifted(self._whitened, rows, chosen)
            family = mixture.family_of(self._latent_dim)
            y = family.draw(cells, tf.reshape(uniform[..., 1:], [-1, 2]))
            z = tf.reshape(self._back(y, rows, chosen), [draws, self._rows, self._latent_dim])
            return tf.cast(z, self.dtype)

        def _choose(self, uniform):
            """Returns a region for each of `uniform` [k, n], by their weights."""
            shape = tf.shape(self._whitened.log_kappa, tf.int64)
            where = tf.stack([self._pairs.rows, self._pairs.regions], axis=-1)
            weights = tf.exp(self._pairs.log_joint - tf.gather(self.log_marginal, self._pairs.rows))
            sums = tf.cumsum(tf.scatter_nd(where, weights, shape), axis=1)
            targets = tf.transpose(uniform) * sums[:, -1:]
            return tf.transpose(tf.searchsorted(sums, targets, side="right", out_type=tf.int64))

        def _back(self, y, rows, regions):
            """Returns z of y, both [P, S]."""
            factors = tf.gather(self._whitened.factors, regions)
            shift = tf.gather_nd(self._whitened.means, tf.stack([rows, regions], axis=-1))
            solved = tf.linalg.triangular_solve(factors, (shift + y)[..., None], adjoint=True)
            return solved[..., 0]

        def _event_shape(self):
            return tf.TensorShape([self._latent_dim])

        def _event_shape_tensor(self):
            return tf.constant([self._latent_dim])

        def _batch_shape(self):
            return tf.TensorShape([self._static_rows])

        def _batch_shape_tensor(self):
            return self._rows[None]

    return PiecewiseAffinePosterior
