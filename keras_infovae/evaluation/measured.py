"""What is measured of a model on one set of examples."""

import functools

import numpy as np

from keras_infovae import anomaly_scores
from keras_infovae.distributions.exact_or_drawn_kl import exact_or_drawn_kl
from keras_infovae.evaluation.conditions import take
from keras_infovae.evaluation.examples import check_examples
from keras_infovae.evaluation.moments import check_finite_codes, moments_of
from keras_infovae.utils.batches import in_batches
from keras_infovae.utils.checks import check_integer
from keras_infovae.utils.randomness import some_rows

_NAMES = {
    "negative_log_prob": "log p(x)",
    "negative_elbo": "ELBO",
    "reconstruction_loss": "Log-likelihood given the code",
}


class Measured:
    """A model on examples: the numbers that several functions go by, each computed once.

    Args:
        model: a trained model.
        x: array [n, ...], n >= 2.
        condition: one row per example, where the model takes a condition. Default None.
        seed: integer, of the draws. Default 0.
        batch_size: examples computed at a time. Default 256.
        name: what x is called in errors. Default "x".

    Raises:
        ValueError, TypeError: for data that is not as the model was trained on.
    """

    def __init__(self, model, x, condition=None, *, seed=0, batch_size=256, name="x"):
        self.model = model
        self.seed = check_integer("seed", seed, minimum=0)
        self.batch_size = check_integer("batch_size", batch_size)
        self.x, self.condition = check_examples(model, x, condition, name=name)
        self.given = {"condition": self.condition, "batch_size": batch_size}

    def __len__(self):
        return len(self.x)

    def some(self, most):
        """Returns it on `most` of the examples, drawn by the seed; itself if there are no more."""
        return self if len(self) <= most else self.take(some_rows(len(self), most, self.seed))

    def take(self, rows):
        """Returns it on the examples of `rows`, numbers in order; itself on all of them."""
        if len(rows) == len(self):
            return self
        given = {"seed": self.seed, "batch_size": self.batch_size}
        return Measured(self.model, self.x[rows], take(self.condition, rows), **given)

    @functools.cached_property
    def moments(self):
        """The `Moments` of the codes."""
        return moments_of(self.model, self.x, self.condition, self.batch_size)

    @functools.cached_property
    def draws(self):
        """One z ~ q(z|x) of each example, float32 [n, latent_dim]."""
        return check_finite_codes(
            self.model.encode(self.x, sample=True, seed=self.seed, **self.given)
        )

    @functools.cached_property
    def elbo(self):
        """The evidence lower bound of each example, float64 [n] in nats; None if not defined."""
        if "elbo" not in self.model.capabilities:
            return None
        return self.model.elbo(self.x, seed=self.seed, **self.given).astype("float64")

    @functools.cached_property
    def kl_to_learned_prior(self):
        """KL(q(z|x) || p(z)) of each example, p(z) learned after the training, float64 [n] in nats.

        Exact or of one draw of z; None without such a prior, or without a density of either.
        """
        model = self.model
        known = {"posterior", "joint"} <= set(model.capabilities)
        if not known or getattr(model, "learned_prior", None) is None:
            return None
        prior, kl = model.prior_distribution(), []
        for x, condition, z in in_batches([self.x, self.condition, self.draws], self.batch_size):
            q = model.posterior_distribution(x, condition)
            kl.append(exact_or_drawn_kl(q, prior, z[None]))
        return np.concatenate(kl).astype("float64")

    @functools.cached_property
    def log_prob(self):
        """log p(x) of each example, float64 [n] in nats; None where it is not known."""
        if "log_prob_in_graph" not in self.model.capabilities:
            return None
        return self.model.log_prob(self.x, **self.given).astype("float64")

    @functools.cached_property
    def fit(self):
        """(name, float64 [n] in nats), the nearest to log p(x) that there is; None without any."""
        if "score" not in self.model.capabilities:
            return None
        score = anomaly_scores.main_score(self.model)
        known = {"negative_log_prob": self.log_prob, "negative_elbo": self.elbo}.get(score.output)
        if known is None:
            known = -self.model.score(self.x, score, **self.given).astype("float64")
        return _NAMES[score.output], np.asarray(known)
