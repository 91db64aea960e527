"""`log_prob`: log p(x) of models that know it."""

import numpy as np

from keras_infovae.serving.signatures.base import Signature


class LogProb(Signature):
    """The exact log-likelihood."""

    name = "log_prob"
    about = "the exact log p(x), in nats"
    needs = "log_prob_in_graph"
    takes = ("x",)
    outputs = ("log_prob",)

    def compute(self, served, x, condition=None):
        return {"log_prob": served.model.log_prob_rows(x, condition)}

    def answers(self, samples, x):
        log_prob = samples.model.log_prob(x, condition=samples.condition)
        return {"log_prob": (log_prob, np.maximum(1.0, np.abs(log_prob)))}
