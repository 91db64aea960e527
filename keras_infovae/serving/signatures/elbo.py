"""`elbo`: a lower bound of log p(x)."""

from keras_infovae.serving.signatures.base import Signature
from keras_infovae.serving.signatures.score import unit_of_bounds


class Elbo(Signature):
    """The evidence lower bound, by a draw of z for each seed."""

    name = "elbo"
    about = "the evidence lower bound of log p(x) by one draw of z, in nats"
    needs = "elbo"
    takes = ("x", "seed")
    outputs = ("elbo",)

    def compute(self, served, x, seed, condition=None):
        return {"elbo": served.model.elbo_rows(x, seed, condition)}

    def answers(self, samples, x):
        elbo = samples.model.elbo(x, seed=samples.SEED, condition=samples.condition)
        return {"elbo": (elbo, unit_of_bounds(samples, x))}
