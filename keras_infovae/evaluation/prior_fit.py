"""Whether the aggregated posterior can be told from the prior."""

from __future__ import annotations

import numpy as np

from keras_infovae import divergences, kernels
from keras_infovae.distributions import normal_components
from keras_infovae.divergences.null import compiled_null, null_band, null_values
from keras_infovae.evaluation.measured import Measured
from keras_infovae.typing import Condition, Model, Numbers, Rows
from keras_infovae.utils.checks import check_integer
from keras_infovae.utils.randomness import stateless_seed

MOST_EXAMPLES = 512  # whose pairs are looked at


def mmd_to_prior(
    model: Model,
    x: Rows,
    *,
    draws: int = 100,
    seed: int = 0,
    batch_size: int = 256,
    condition: Condition = None,
) -> Numbers:
    """Returns the maximum mean discrepancy of q(z) from p(z), and what chance would make of it.

    One z ~ q(z|x) of each example is compared with the prior by the unbiased estimate of

        MMD^2(q, p) = E_qq k(z, z') + E_pp k(z, z') - 2 E_qp k(z, z')

    under the default kernel of `MaximumMeanDiscrepancy`, whatever the model was trained with, so
    that models are comparable. The same estimate of as many z from the prior, `draws` times, is
    what a perfect fit would score: its 5 % and 95 % quantiles are the null band. The p-value is
    that of the Monte Carlo test, (1 + #{null >= mmd}) / (1 + draws).

    Args:
        model: a trained model that encodes and has a prior.
        x: array [n, ...], n >= 2; at most 512 are used, drawn at random.
        draws: sets of z from the prior, at least 19, with which the p-value can be 0.05. Default
            100.
        seed: integer. Default 0.
        batch_size: examples encoded at a time; it does not change the result. Default 256.
        condition: one row per example, where the model takes a condition. Default None.

    Returns:
        `{"mmd": ..., "mmd_null_low": ..., "mmd_null_high": ..., "mmd_p_value": ...}`, floats.

    Raises:
        ValueError, TypeError: naming the argument; for a prior on the sphere, where the kernel
            says nothing.

    Example:

    >>> import keras_infovae as ki
    >>> x = np.random.default_rng(0).random((64, 12)).astype("float32")
    >>> model = ki.VAE(latent_dim=2, seed=0)
    >>> _ = model.fit(x, epochs=1, verbose=0)
    >>> sorted(mmd_to_prior(model, x))
    ['mmd', 'mmd_null_high', 'mmd_null_low', 'mmd_p_value']

    References:
        Gretton et al., A Kernel Two-Sample Test, JMLR 2012, lemma 6.
    """
    check_integer("draws", draws, minimum=19)
    measured = Measured(model, x, condition, seed=seed, batch_size=batch_size)
    return prior_fit(measured.some(MOST_EXAMPLES), PriorNull(model, measured.seed, draws))


class PriorNull:
    """What chance makes of the MMD of z from the prior; computed once for each number of z.

    Args:
        model: a trained model that has a prior.
        seed: integer.
        draws: sets of z from the prior.

    Attributes:
        prior: the TFP distribution p(z).
        seed: int32 tensor [2].

    Raises:
        ValueError: for a model without a prior, or one on the sphere.
    """

    def __init__(self, model, seed, draws=100):
        model.capabilities.require("prior", "The fit of the codes to the prior")
        if model.latent_support != "euclidean":
            raise ValueError(
                "mmd_to_prior compares z in Euclidean space. Received: a model whose codes lie on "
                f"the {model.latent_support}"
            )
        self.prior, self.seed = model.prior_distribution(), stateless_seed(seed)
        self._draws, self._values = draws, {}

    def values(self, count):
        """Returns the MMD of each of the sets of `count` z, NumPy float32 [draws]."""
        if count not in self._values:
            null = compiled_null(mmd_of_points, lambda: self.prior, count)
            self._values[count] = null_values(null, self._draws, stateless_seed(self.seed, 2))
        return self._values[count]


def mmd_of_points(z, prior, posterior=None, seed=0):
    """Returns the MMD of points z [n, latent_dim] from the prior: the default `Divergence`'s.

    The prior is integrated out where it is a normal of independent dimensions or a mixture of such,
    and else drawn from, by `seed`.
    """
    components = normal_components(prior)
    if components is None:
        return divergences.MaximumMeanDiscrepancy(estimator="sampled")(z, prior, seed=seed)
    log_weights, mean, variance = components
    return divergences.expected_maximum_mean_discrepancy(
        z, None, mean, variance, kernels.get("gaussian"), prior_log_weights=log_weights
    )


def null_of(model, seed, draws=100):
    """Returns the `PriorNull` of a model; None where the MMD says nothing of it."""
    if "prior" not in model.capabilities or model.latent_support != "euclidean":
        return None
    return PriorNull(model, seed, draws)


def prior_fit(measured, null):
    """Returns what `mmd_to_prior` does.

    Args:
        measured: a `Measured` of at most `MOST_EXAMPLES` examples.
        null: the `PriorNull` of its model and seed.
    """
    seed = stateless_seed(null.seed, 1)
    observed = float(mmd_of_points(measured.draws, null.prior, seed=seed))
    values = null.values(len(measured))
    low, high = null_band(values)
    return {
        "mmd": observed,
        "mmd_null_low": low,
        "mmd_null_high": high,
        "mmd_p_value": float((1 + np.sum(values >= observed)) / (1 + len(values))),
    }
