"""The path of densities from a distribution that can be drawn from to p(x, z)."""

from typing import Any, NamedTuple

import tensorflow as tf

from keras_infovae.utils import probability as tfp
from keras_infovae.utils.checks import check_choice

STARTS = ("prior", "posterior")


class Point(NamedTuple):
    """z [draws, n, latent_dim], and what is known of it: two log densities and their gradients.

    The two are kept apart because the density at every b, and its gradient, follow from them: a
    new b costs no pass through the decoder.
    """

    z: Any
    log_start: Any  # [draws, n]
    log_ratio: Any  # [draws, n]
    start_gradient: Any  # [draws, n, latent_dim]
    ratio_gradient: Any

    def log_density(self, b):
        """Returns log f_b(z), [draws, n]."""
        return self.log_start + b * self.log_ratio

    def gradient(self, b):
        """Returns the gradient of log f_b(z), [draws, n, latent_dim]."""
        return self.start_gradient + b * self.ratio_gradient


class Path:
    """The unnormalised densities between a start s(z) and p(x, z), for a batch of x:

        log f_b(z) = log s(z) + b log r(z),        r(z) = p(x, z) / s(z),        0 <= b <= 1

    f_1 is p(x, z), whose integral is p(x). With the prior as the start, r(z) = p(x|z). With
    q(z|x), r(z) is the importance weight of z.

    Args:
        model: a model.
        prior: its p(z). What it is made of is then computed once, where that is outside a loop.
        x: float32 [n, ...].
        condition: [n, ...] or None.
        draws: how many z of each example there are at a time.
        start: "prior" or "posterior".
        knows_x: whether the likelihood is told its context of x (the library size of counts), as
            for data; or, as for x that the model draws, what is typical. Default True.
    """

    def __init__(self, model, prior, x, condition, draws, start, knows_x=True):
        self._model = model
        self._prior = prior
        self._draws = draws
        self._size = x.shape[0]
        self._posterior = None
        if start == "posterior":
            self._posterior = model.posterior_distribution(x, condition)
        context = model.likelihood.context(x) if knows_x else None
        self._x, self._condition, self._context = map(self._repeat, (x, condition, context))

    def sample(self, seed):
        """Returns draws from the start, float32 [draws, n, latent_dim]."""
        if self._posterior is None:
            z = self._prior.sample([self._draws, self._size], seed=seed)
        else:
            z = self._posterior.sample(self._draws, seed=seed)
        # TFP knows its own draws again, and a density that it remembers has no gradient.
        return tf.identity(tf.cast(z, tf.float32))

    def log_start(self, z):
        """Returns log s(z), [draws, n]."""
        return (self._prior if self._posterior is None else self._posterior).log_prob(z)

    def log_ratio(self, z):
        """Returns log r(z), [draws, n]."""
        rows = tf.reshape(z, [-1, z.shape[-1]])
        likelihood = self._model.likelihood_distribution(rows, self._condition, self._context)
        log_likelihood = tf.reshape(likelihood.log_prob(self._x), [self._draws, self._size])
        if self._posterior is None:
            return log_likelihood
        return log_likelihood + self._prior.log_prob(z) - self._posterior.log_prob(z)

    def point(self, z):
        """Returns the `Point` at z: one pass through the decoder and back."""
        log_start, start_gradient = tfp.math.value_and_gradient(self.log_start, z)
        log_ratio, ratio_gradient = tfp.math.value_and_gradient(self.log_ratio, z)
        return Point(z, log_start, log_ratio, start_gradient, ratio_gradient)

    def _repeat(self, tensor):
        """Returns [draws * n, ...], one copy after another, as z is when its axes are joined."""
        if tensor is None:
            return None
        return tf.tile(tensor, [self._draws] + [1] * (tensor.shape.rank - 1))


def check_start(start, model, what):
    """Returns `start`; raises where p(z), or q(z|x) as the start, has no density.

    Args:
        start: "prior" or "posterior".
        model: the model.
        what: the name of what needs the densities, for the error.
    """
    check_choice("start", start, STARTS)
    model.capabilities.require("joint", what)
    if start == "posterior":
        model.capabilities.require("posterior", what)
    return start
