"""What a trained model is used for: encode, decode, generate, elbo; all batched, NumPy out."""

import numpy as np
import tensorflow as tf

from keras_infovae.models import input_checks
from keras_infovae.utils.arrays import check_finite
from keras_infovae.utils.checks import check_integer
from keras_infovae.utils.randomness import check_seed, stateless_seed

_BATCH_SIZE = 256


class InferenceMethods:
    """The methods of a model that answer questions; `LatentVariableModel` extends it.

    The three `*_distribution` methods take and give tensors, inside `tf.function` too. The
    others take arrays of any length, work through them in batches in a compiled function, and
    return NumPy arrays. With a `seed`, the same call gives the same numbers; without one, each call
    gives new ones.
    """

    # === Distributions, on tensors ===

    def prior_distribution(self):
        """Returns p(z), a TFP distribution with event shape [latent_dim]."""
        return self.prior.distribution(self.latent_dim)

    def posterior_distribution(self, x):
        """Returns q(z|x), a TFP distribution with batch shape [n], for a tensor x [n, ...]."""
        self._require_built()
        input_checks.check_event_shape(x.shape, self.event_shape)
        x = tf.ensure_shape(x, [None, *self.event_shape])
        return self.posterior.distribution(self.encoder(x, training=False))

    def likelihood_distribution(self, z):
        """Returns p(x|z), batch shape [n] and event shape that of x, for z [n, latent_dim]."""
        self._require_built()
        input_checks.check_event_shape(z.shape, (self.latent_dim,), "z")
        return self.likelihood.distribution(self.decoder(z, training=False))

    # === Methods on arrays ===

    def encode(self, x, sample=False, seed=None, batch_size=_BATCH_SIZE):
        """Returns the latent code of each example.

        Args:
            x: array [n, ...] as the model was trained on.
            sample: False (default) for the mean of q(z|x), True for one draw from it.
            seed: integer, for `sample=True`. Default None: new draws each time.
            batch_size: examples computed at a time. Default 256.

        Returns:
            NumPy float32 [n, latent_dim].
        """

        def encode(x, seed):
            q = self.posterior_distribution(x)
            return tf.cast(q.sample(seed=seed) if sample else q.mean(), tf.float32)

        x = self._require_data(x)
        seed = seed if sample else 0  # a mean uses up no random numbers
        return self._in_batches(f"encode, sample={bool(sample)}", encode, x, seed, batch_size)

    def decode(self, z, batch_size=_BATCH_SIZE):
        """Returns the mean of p(x|z), NumPy [n, *shape of x], for z [n, latent_dim]."""

        def decode(z, seed):
            return self.likelihood_distribution(z).mean()

        self._require_built()
        z = input_checks.as_example_array(z, "z")
        input_checks.check_event_shape(z.shape, (self.latent_dim,), "z")
        check_finite("z", z)
        return self._in_batches("decode", decode, z, 0, batch_size)

    def generate(self, n, seed=None, sample=False, batch_size=_BATCH_SIZE):
        """Returns `n` new examples: z from the prior, then the mean of p(x|z).

        Args:
            n: how many, at least 1.
            seed: integer. Default None: new ones each time.
            sample: True draws x from p(x|z) instead of taking its mean, which adds the noise that
                the likelihood models. Default False.
            batch_size: examples computed at a time. Default 256.

        Returns:
            NumPy float32 [n, *shape of x].
        """
        n = check_integer("n", n)

        def generate(z, seed):
            p = self.likelihood_distribution(z)
            return tf.cast(p.sample(seed=seed) if sample else p.mean(), tf.float32)

        z_seed, x_seed = tf.unstack(
            tf.random.experimental.stateless_split(self._call_seed(seed)), num=2
        )
        z = self.prior_distribution().sample(n, seed=z_seed).numpy()
        return self._in_batches(f"generate, sample={bool(sample)}", generate, z, x_seed, batch_size)

    def elbo(self, x, seed=None, batch_size=_BATCH_SIZE):
        """Returns the evidence lower bound of each example, whatever weights were trained with:

            elbo(x) = log p(x|z) - KL(q(z|x) || p(z)),      z ~ q(z|x), one draw

        It is an unbiased estimate of a lower bound of log p(x).

        Args:
            x: array [n, ...].
            seed: integer. Default None: new draws each time.
            batch_size: examples computed at a time. Default 256.

        Returns:
            NumPy float32 [n], in nats.

        Raises:
            ValueError: for a posterior without a density ("deterministic").
        """
        if not self.posterior.has_density:
            raise ValueError(
                "The ELBO is not defined for a posterior without a density. "
                f"Received: posterior={self.posterior.__class__.__name__}"
            )

        def elbo(x, seed):
            q = self.posterior_distribution(x)
            z = q.sample(seed=seed)
            log_likelihood = self.likelihood_distribution(z).log_prob(tf.cast(x, tf.float32))
            return log_likelihood - self._kl_divergence(q, self.prior_distribution(), z)

        return self._in_batches("elbo", elbo, self._require_data(x), seed, batch_size)

    # === Shared by the methods ===

    def _in_batches(self, name, function, array, seed, batch_size):
        """Returns `function(batch, seed)` over batches of `array`, joined; compiled once a name."""
        check_integer("batch_size", batch_size)
        self._require_built()
        if name not in self._functions:
            signature = [
                tf.TensorSpec([None, *array.shape[1:]], tf.float32),
                tf.TensorSpec([2], tf.int32),
            ]
            self._functions[name] = tf.function(function, input_signature=signature)
        seed = self._call_seed(seed)
        results = []
        for batch, start in enumerate(range(0, len(array), batch_size)):
            part = tf.constant(array[start : start + batch_size], tf.float32)
            results.append(self._functions[name](part, stateless_seed(seed, batch)).numpy())
        return np.concatenate(results)

    def _call_seed(self, seed):
        if isinstance(seed, tf.Tensor):
            return seed
        return stateless_seed(self._seeds.next() if check_seed(seed) is None else seed)

    def _require_built(self):
        if self.event_shape is None:
            raise ValueError(
                "The model does not know the shape of x yet. Call fit(x), or build((None, ...)) "
                "with the shape of x, first."
            )

    def _require_data(self, x):
        self._require_built()
        x = input_checks.as_example_array(x)
        input_checks.check_event_shape(x.shape, self.event_shape)
        input_checks.check_values(x, self.likelihood)
        return x
