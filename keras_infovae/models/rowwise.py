"""What a server is asked for: numbers of a row that do not depend on the rows beside it."""

import tensorflow as tf

from keras_infovae import networks
from keras_infovae.models import input_checks
from keras_infovae.utils.randomness import stateless_seed


class RowwiseMethods:
    """The methods of a model whose draws follow from a seed per row; tensors in, tensors out.

    A server puts rows of several requests into one batch. These methods give each row the numbers
    that it has alone, with the same seed, on any machine: row i of

        encode_rows(x, seed)    is  encode(x[i:i+1], sample=True, seed=seed[i])
        decode_rows(z)          is  decode(z[i:i+1])
        reconstruct_rows(x)     is  predict(x[i:i+1])
        generate_rows(seed)     is  generate(1, seed=seed[i])
        elbo_terms(x, seed)     adds up to  elbo(x[i:i+1], seed=seed[i])
        log_weights(x, seed, k) are, averaged, an importance-weighted estimate of p(x[i:i+1])

    up to the rounding of the networks. x is [n, *event_shape], z [n, latent_dim], seed int64 [n],
    at least 0; condition is [n, ...] where the model takes one. They run inside `tf.function`.
    """

    def encode_rows(self, x, seed, condition=None):
        """Returns (q(z|x), a TFP distribution; one draw of z for each row, [n, latent_dim])."""
        self._require_built()
        input_checks.check_event_shape(x.shape, self.event_shape)
        x = tf.ensure_shape(x, [None, *self.event_shape])
        parameters = self._posterior_parameters(x, self._condition_tensor(condition), False)

        def draw(parameters, seed):
            q = self.posterior.distribution(parameters)
            return q.sample(seed=stateless_seed(seed[0], 0))

        z = _each_row(draw, [self.latent_dim], parameters, _row_seeds(seed))
        return self.posterior.distribution(parameters), z

    def decode_rows(self, z, condition=None, context=None):
        """Returns the mean of p(x|z), [n, *event_shape]."""

        def decode(z, condition, context):
            return self.likelihood_distribution(z, condition, context).mean()

        if not self._is_autoregressive():
            return decode(z, condition, context)
        # Its mean goes along a path that is drawn for the whole batch.
        return _each_row(decode, self.event_shape, z, condition, context)

    def reconstruct_rows(self, x, condition=None):
        """Returns the mean of p(x|z) at the mode of q(z|x), [n, *event_shape]."""
        z = self.posterior_distribution(x, condition).mode()
        return self.decode_rows(z, condition, self.likelihood.context(tf.cast(x, tf.float32)))

    def generate_rows(self, seed, condition=None):
        """Returns a new example for each seed, [n, *event_shape]."""
        self._require_built()
        prior = self.prior_distribution()
        seeds = tf.map_fn(tf.random.experimental.stateless_split, _row_seeds(seed))
        z_seeds, x_seeds = tf.unstack(seeds, num=2, axis=1)
        z = _each_row(lambda seed: prior.sample(1, seed=seed[0]), [self.latent_dim], z_seeds)
        if not self._is_autoregressive():
            return self.decode_rows(z, condition)

        def draw(z, seed, condition):
            p = self.likelihood_distribution(z, condition)
            return p.sample(seed=stateless_seed(seed[0], 0))

        return _each_row(draw, self.event_shape, z, x_seeds, condition)

    def elbo_terms(self, x, seed, condition=None):
        """Returns (log p(x|z), KL(q(z|x) || p(z))), two float32 [n] in nats; elbo = first - second.

        The KL is 0 for a posterior or a prior without a density, where it is not defined.
        """
        q, z = self.encode_rows(x, seed, condition)
        return self._elbo_terms(x, condition, q, z[None])

    def log_weights(self, x, seed, num_samples, condition=None):
        """Returns log p(x|z_k) + log p(z_k) - log q(z_k|x), float32 [num_samples, n], in nats.

        Draws are decoded one after another: the memory is that of a batch.
        """
        self._require_built()
        x = tf.ensure_shape(tf.cast(x, tf.float32), [None, *self.event_shape])
        parameters = self._posterior_parameters(x, self._condition_tensor(condition), False)

        def draw(parameters, seed):
            draws = self.posterior.distribution(parameters).sample(
                num_samples, seed=stateless_seed(seed[0], 0)
            )
            return tf.transpose(draws, [1, 0, 2])

        z = _each_row(draw, [num_samples, self.latent_dim], parameters, _row_seeds(seed))
        q, prior = self.posterior.distribution(parameters), self.prior_distribution()
        context = self.likelihood.context(x)

        def weigh(z):
            p = self.likelihood_distribution(z, condition, context)
            return p.log_prob(x) + prior.log_prob(z) - q.log_prob(z)

        return tf.map_fn(weigh, tf.transpose(z, [1, 0, 2]), fn_output_signature=tf.float32)

    def _is_autoregressive(self):
        return isinstance(self.decoder, networks.AutoregressiveDecoder)


def _row_seeds(seed):
    """Returns the stateless seeds, int32 [n, 2], that the integers `seed` [n] stand for."""
    low = tf.cast(tf.math.floormod(seed, 2**31), tf.int32)
    return tf.stack([tf.zeros_like(low), low], axis=-1)


def _each_row(function, shape, *tensors):
    """Returns float32 [n, *shape], `function` of each row alone; tensors that are None stay None.

    A batch of one row per call makes a draw depend on its own seed and nothing else.
    """

    def one(rows):
        rows = iter(rows)
        return tf.cast(
            function(*(None if tensor is None else next(rows)[None] for tensor in tensors))[0],
            tf.float32,
        )

    given = tuple(tensor for tensor in tensors if tensor is not None)
    return tf.ensure_shape(tf.map_fn(one, given, fn_output_signature=tf.float32), [None, *shape])
