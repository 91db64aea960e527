"""What a trained model is used for: encode, decode, generate, elbo; all batched, NumPy out."""

import keras
import numpy as np
import tensorflow as tf

from keras_infovae.distributions import check_densities
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

    def prior_distribution(self, training=False):
        """Returns p(z), a TFP distribution with event shape [latent_dim]."""

        def posterior_of(inputs):  # of what the encoder sees; priors may be made of posteriors
            return self.posterior.distribution(self.encoder(inputs, training=training))

        return self.prior.distribution(self.latent_dim, posterior_of)

    def posterior_distribution(self, x, condition=None):
        """Returns q(z|x), a TFP distribution with batch shape [n], for a tensor x [n, ...].

        Args:
            x: [n, *event_shape].
            condition: labels [n] or features [n, condition_size] where the model takes a condition.
                Default None.
        """
        self._require_built()
        input_checks.check_event_shape(x.shape, self.event_shape)
        x = tf.ensure_shape(x, [None, *self.event_shape])
        condition = self._condition_tensor(condition)
        return self.posterior.distribution(self._posterior_parameters(x, condition, False))

    def likelihood_distribution(self, z, condition=None, context=None):
        """Returns p(x|z), batch shape [n] and event shape that of x, for z [n, latent_dim].

        Args:
            z: [n, latent_dim].
            condition: labels [n] or features [n, condition_size] where the model takes a condition.
                Default None.
            context: what the likelihood knows of x besides, `likelihood.context(x)` (the library
                size of counts). Default None: what is typical.
        """
        self._require_built()
        z = tf.cast(z, tf.float32)
        input_checks.check_event_shape(z.shape, (self.latent_dim,), "z")
        return self._likelihood(z, self._condition_tensor(condition), context, training=False)

    # === Methods on arrays ===

    def encode(self, x, sample=False, seed=None, batch_size=_BATCH_SIZE, condition=None):
        """Returns the latent code of each example.

        Args:
            x: array [n, ...] as the model was trained on.
            sample: False (default) for the mode of q(z|x), which is its mean where z is not on a
                sphere; True for one draw from it.
            seed: integer, for `sample=True`. Default None: new draws each time.
            batch_size: examples computed at a time. Default 256.
            condition: one row per example, where the model takes a condition. Default None.

        Returns:
            NumPy float32 [n, latent_dim].
        """

        def encode(x, condition, seed):
            q = self.posterior_distribution(x, condition)
            return tf.cast(q.sample(seed=seed) if sample else q.mode(), tf.float32)

        x, condition = self.check_data(x, condition)
        seed = seed if sample else 0  # a mean uses up no random numbers
        name = f"encode, sample={bool(sample)}"
        return self._in_batches(name, encode, x, condition, seed, batch_size)

    def decode(self, z, batch_size=_BATCH_SIZE, condition=None):
        """Returns the mean of p(x|z), NumPy [n, *shape of x], for z [n, latent_dim]."""

        def decode(z, condition, seed):
            return self.likelihood_distribution(z, condition).mean()

        self._require_built()
        z = input_checks.as_example_array(z, "z")
        input_checks.check_event_shape(z.shape, (self.latent_dim,), "z")
        check_finite("z", z)
        condition = self._condition_array(condition, len(z))
        return self._in_batches("decode", decode, z, condition, 0, batch_size)

    def generate(
        self, n, seed=None, sample=None, batch_size=_BATCH_SIZE, condition=None, verbose="auto"
    ):
        """Returns `n` new examples: z from the prior, then the mean of p(x|z).

        Args:
            n: how many, at least 1.
            seed: integer. Default None: new ones each time.
            sample: True draws x from p(x|z) instead of taking its mean, which adds the noise that
                the likelihood models. Default None: False, but True for an autoregressive
                decoder, whose values follow from one another.
            batch_size: examples computed at a time. Default 256.
            condition: one row per example, or a single one for all of them, where the model takes a
                condition. Default None.
            verbose: 1 for a progress bar over the batches, 0 for none. Default "auto": for an
                autoregressive decoder, if there is more than one batch.

        Returns:
            NumPy float32 [n, *shape of x].
        """
        n = check_integer("n", n)
        self._require_built()
        autoregressive = self._is_autoregressive()
        if sample is None:
            sample = autoregressive

        def generate(z, condition, seed):
            p = self.likelihood_distribution(z, condition)
            return tf.cast(p.sample(seed=seed) if sample else p.mean(), tf.float32)

        z_seed, x_seed = tf.unstack(
            tf.random.experimental.stateless_split(self._call_seed(seed)), num=2
        )
        z = self.prior_distribution().sample(n, seed=z_seed).numpy()
        condition = self._condition_array(condition, n, repeat=True)
        if verbose == "auto":
            verbose = autoregressive and n > batch_size
        name = f"generate, sample={bool(sample)}"
        return self._in_batches(name, generate, z, condition, x_seed, batch_size, verbose)

    def elbo(self, x, seed=None, batch_size=_BATCH_SIZE, condition=None):
        """Returns the evidence lower bound of each example, whatever weights were trained with:

            elbo(x) = log p(x|z) - KL(q(z|x) || p(z)),      z ~ q(z|x), one draw

        It is an unbiased estimate of a lower bound of log p(x).

        Args:
            x: array [n, ...].
            seed: integer. Default None: new draws each time.
            batch_size: examples computed at a time. Default 256.
            condition: one row per example, where the model takes a condition. Default None.

        Returns:
            NumPy float32 [n], in nats.

        Raises:
            ValueError: for a posterior ("deterministic") or prior without a density.
        """
        check_densities("The ELBO", posterior=self.posterior, prior=self.prior)

        def elbo(x, condition, seed):
            q = self.posterior_distribution(x, condition)
            log_likelihood, kl = self._elbo_terms(x, condition, q, q.sample(1, seed=seed))
            return log_likelihood - kl

        x, condition = self.check_data(x, condition)
        return self._in_batches("elbo", elbo, x, condition, seed, batch_size)

    # === Shared by the methods ===

    def _elbo_terms(self, x, condition, q, z):
        """Returns (log p(x|z), KL(q(z|x) || p(z))), [n] each, for draws z [1, n, latent_dim]."""
        x = tf.cast(x, tf.float32)
        p = self.likelihood_distribution(z[0], condition, self.likelihood.context(x))
        return p.log_prob(x), self._kl_divergence(q, self.prior_distribution(), z)

    def _in_batches(self, name, function, array, condition, seed, batch_size, verbose=0):
        """Returns `function(batch, condition, seed)` over batches, joined; compiled once a name."""
        check_integer("batch_size", batch_size)
        arrays = [array] if condition is None else [array, condition]
        if name not in self._functions:
            self._functions[name] = _compiled(function, arrays)
        seed = self._call_seed(seed)
        starts = range(0, len(array), batch_size)
        progress = keras.utils.Progbar(len(starts), unit_name="batch") if verbose else None
        results = []
        for batch, start in enumerate(starts):
            parts = [tf.constant(a[start : start + batch_size], tf.float32) for a in arrays]
            results.append(self._functions[name](stateless_seed(seed, batch), *parts).numpy())
            if progress is not None:
                progress.update(batch + 1)
        return np.concatenate(results)

    def _call_seed(self, seed):
        if isinstance(seed, tf.Tensor):
            return seed
        return stateless_seed(self._seeds.next() if check_seed(seed) is None else seed)


def _compiled(function, arrays):
    """Returns `function(array, condition, seed)` compiled, taking (seed, array[, condition]).

    A `tf.function` made anew for each model would be taken for one that is traced too often, which
    TensorFlow warns of from the fifth model on; its graph is not.
    """
    shapes = [tf.TensorSpec([None, *array.shape[1:]], tf.float32) for array in arrays]

    @tf.function(input_signature=[tf.TensorSpec([2], tf.int32), *shapes])
    def compiled(seed, array, condition=None):
        return function(array, condition, seed)

    return compiled if tf.config.functions_run_eagerly() else compiled.get_concrete_function()
