"""The joint density of x and z of a batch, as what finds z for x sees it."""

import copy
import functools

import tensorflow as tf

from keras_infovae import conditions, networks
from keras_infovae.distributions.value_terms import log_prob_of_values

_ROWS = 256  # that are decoded at once


class Joint:
    """log p(x, z) = log p(x|z) + log p(z) of a batch as a function of z, and what is seen of x.

    z is [draws, n, latent_dim], several draws for each of n examples. Densities are in nats.

    Args:
        model: a `LatentVariableModel`.
        x: [n, *event_shape].
        condition: [n, condition.size], or None.
        prior: its p(z). Default None: made when it is asked for.
        training: whether networks are in training mode. Default False.
        knows_x: whether the likelihood is told its context of x (the library size of counts), as
            for data; or, as for x that the model draws, what is typical. Default True.
    """

    def __init__(self, model, x, condition=None, prior=None, training=False, knows_x=True):
        self.model = model
        self._condition = condition
        self._prior = prior
        self._posteriors = {}
        self.training = training
        self.size = tf.shape(x)[0]
        self.x = tf.cast(x, tf.float32)
        self.context = model.likelihood.context(self.x) if knows_x else None
        # Made here once, not within the loop of a chain or over draws.
        self._read = _read(model, self.x, training)

    def with_prior(self, prior):
        """Returns the same with another p(z), a TFP distribution."""
        other = copy.copy(self)
        other._prior, other._posteriors = prior, {}
        return other

    @functools.cached_property
    def features(self):
        """What an encoder sees: the likelihood's features of x, with the condition."""
        return conditions.append(self.model.likelihood.features(self.x), self._condition)

    @property
    def prior(self):
        """p(z), a TFP distribution."""
        if self._prior is None:
            self._prior = self.model.prior_distribution()
        return self._prior

    @property
    def start(self):
        """What can be drawn from exactly and is near p(z), for chains to begin at: mostly p(z)."""
        return getattr(self.prior, "start", self.prior)

    def value_of(self, weight):
        """Returns what a number or a `Schedule` is at the present step of the training."""
        return self.model.progress.value_of(weight)

    def posterior(self, inference):
        """Returns q(z|x) by an `Inference`, a TFP distribution: an encoder sees x once."""
        if id(inference) not in self._posteriors:
            self._posteriors[id(inference)] = inference.distribution(self)
        return self._posteriors[id(inference)]

    def log_likelihood(self, z):
        """Returns log p(x|z), float32 [draws, n]."""
        shape = tf.shape(z)

        def repeated(tensor):  # one after another, as the draws are once they are one batch
            if tensor is None or z.shape[0] == 1:
                return tensor
            return tf.tile(tensor, [shape[0]] + [1] * (tensor.shape.rank - 1))

        rows = tf.reshape(z, [-1, z.shape[-1]])
        given = self._condition, self.context, self.x, self._read
        condition, context, x, read = map(repeated, given)
        p = self.model.likelihood_of(rows, condition, context, self.training, read)
        return tf.reshape(p.log_prob(x), shape[:2])

    def mean_log_likelihood_of_values(self, z):
        """Returns the mean over draws of log p_i(x_i|z) of each value, float32 [n, *event_shape].

        Draws are decoded one after another: the memory is that of a batch.

        Args:
            z: [draws, n, latent_dim].

        Raises:
            ValueError: for a likelihood whose values are not independent given z.
        """

        def add(total, z):
            p = self.model.likelihood_of(z, self._condition, self.context, self.training)
            return total + log_prob_of_values(p, self.x)

        total = tf.foldl(add, z, tf.zeros_like(self.x), parallel_iterations=1)
        return total / tf.cast(tf.shape(z)[0], tf.float32)

    def over_draws(self, function, z):
        """Returns `function` of all draws, float32 [draws, n].

        As many draws are decoded at once as have no more rows together than a batch of 256, and one
        after another those of more examples: the memory is that of a batch, and the 64 draws of a
        single example take as long as one.

        Args:
            function: a method of this object, from z [some draws, n, latent_dim] to [draws, n].
            z: [draws, n, latent_dim], the number of draws known to the graph.
        """
        draws = z.shape[0]
        if draws == 1:
            return function(z)
        count, size = tf.shape(z)[1], z.shape[2]
        parts = -(-draws // tf.clip_by_value(_ROWS // count, 1, draws))
        at_once = -(-draws // parts)
        filled = tf.concat([z, z[: parts * at_once - draws]], axis=0)  # the last part, to its size
        filled = tf.reshape(filled, [parts, at_once, count, size])
        values = tf.map_fn(function, filled, fn_output_signature=tf.float32)
        return tf.reshape(values, [-1, count])[:draws]

    def log_prob(self, z):
        """Returns log p(x, z), float32 [draws, n]."""
        return self.log_likelihood(z) + self.prior.log_prob(z)

    def log_weights(self, z, posterior):
        """Returns log p(x, z) - log q(z|x), whose exponential has the mean p(x) over q(z|x)."""
        return self.log_prob(z) - posterior.log_prob(z)


def _read(model, x, training):
    """Returns what the decoder makes of x before it knows z, or None where that is nothing."""
    if not isinstance(model.decoder, networks.AutoregressiveDecoder):
        return None
    return model.decoder.read(model.likelihood.features(x), training)
