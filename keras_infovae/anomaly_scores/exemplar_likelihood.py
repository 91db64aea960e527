"""The likelihood of an example given the codes of others."""

import math
from typing import Any

import tensorflow as tf

from keras_infovae.anomaly_scores.base import AnomalyScore
from keras_infovae.typing import Array, Model, Tensor
from keras_infovae.utils.checks import argument_error, check_integer, check_numbers
from keras_infovae.utils.serialization import register

_MOST = 1000  # codes that are kept


@register
class ExemplarLikelihood(AnomalyScore):
    """The negative log-likelihood of x given the codes of usual examples but the k best, in nats:

        score(x) = -log 1/(N - k) sum_{j not in B(x)} p(x|z_j),        z_j = E[z|x_j],

    where B(x) are the k codes with the largest p(x|z_j). For outliers among the examples that a
    model was trained on: the code that it has for x itself, and those for a few examples like it,
    are left out, as detectors that go by the distance of the k-th neighbor leave the nearer ones
    out, so that what was learned of them alone says nothing of x. With k = 0 it is -log p(x) under
    the prior (1/N) sum_j delta(z - z_j).

    It has to know usual codes (`evaluation.fit_anomaly_score`). The decoder runs N times.

    Args:
        codes: N lists of latent_dim numbers, N > k. Default None: to be `fitted`, which takes those
            of 1,000 usual examples at most, spread evenly.
        left_out: k, at least 0. Default 9, by the evidence of docs/anomalies.md.

    Example:

    >>> import numpy as np
    >>> import keras_infovae as ki
    >>> x = np.random.default_rng(0).random((64, 12)).astype("float32")
    >>> model = ki.VAE(latent_dim=2, seed=0)
    >>> _ = model.fit(x, epochs=1, verbose=0)
    >>> score = ki.evaluation.fit_anomaly_score(model, x, "exemplar_likelihood")
    >>> model.score(x[:3], score).shape
    (3,)

    References:
        Norouzi, Fleet, Norouzi, Exemplar VAE, arXiv:2004.04795, section 3 (codes of examples as the
        prior, and leaving an example's own out); Ramaswamy, Rastogi, Shim, Efficient Algorithms for
        Mining Outliers from Large Data Sets, 2000, section 2 (the k-th nearest neighbor).
    """

    output = "exemplar_likelihood"

    def __init__(self, codes: Array | None = None, left_out: int = 9) -> None:
        self.left_out = check_integer("left_out", left_out, minimum=0)
        self.codes = codes
        if codes is not None:
            if not hasattr(codes, "__len__"):
                raise argument_error("codes", "a sequence of codes", codes, TypeError)
            self.codes = [check_numbers(f"codes[{i}]", code) for i, code in enumerate(codes)]
            if len({len(code) for code in self.codes}) > 1 or len(self.codes) <= self.left_out:
                allowed = f"more than left_out={self.left_out} codes of one length"
                raise argument_error("codes", allowed, f"{len(self.codes)} codes")

    @property
    def is_fitted(self) -> bool:
        """Whether it has codes."""
        return self.codes is not None

    def check(self, model: Model) -> None:
        """Raises ValueError for a model without codes or p(x|z), and for codes of another size."""
        for capability in ("encode", "likelihood"):
            model.capabilities.require(capability, "The likelihood given the codes of others")
        if self.codes is not None and len(self.codes[0]) != model.latent_dim:
            allowed = f"codes of {model.latent_dim} numbers"
            raise argument_error("codes", allowed, f"of {len(self.codes[0])}")

    def fitted(self, usual: Any) -> "ExemplarLikelihood":
        """Returns the score with the codes of usual examples, or itself where it has codes."""
        if self.is_fitted:
            return self
        return ExemplarLikelihood(usual.codes(_MOST, self.left_out + 1).tolist(), self.left_out)

    def rows(self, model: Model, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Returns the scores, float32 [n].

        Raises:
            ValueError: before it is `fitted`.
        """
        self._require_fitted()
        joint, codes = model.joint(x, condition), tf.constant(self.codes, tf.float32)
        count = codes.shape[0] - self.left_out
        z = tf.tile(codes[:, None], [1, joint.size, 1])
        log_likelihood = joint.over_draws(joint.log_likelihood, z)
        others = tf.math.top_k(-tf.transpose(log_likelihood), count).values
        return math.log(count) - tf.reduce_logsumexp(-others, axis=-1)
