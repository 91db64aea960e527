"""How much of x the latents hold, and what the KL term of the ELBO is made of."""

from __future__ import annotations

import math

import numpy as np

from keras_infovae import distributions
from keras_infovae.evaluation.measured import Measured
from keras_infovae.evaluation.mixture_densities import log_densities, part_name
from keras_infovae.typing import Condition, Model, Numbers, Rows
from keras_infovae.utils.batches import in_batches


def mutual_information(
    model: Model,
    x: Rows,
    *,
    num_samples: int = 8,
    seed: int = 0,
    batch_size: int = 256,
    condition: Condition = None,
) -> Numbers:
    """Returns the mutual information of x and z, with bounds on either side, in nats.

    For the n examples given, with q(z) the exact mixture of their posteriors,

        I_n = (1/n) sum_i E_q(z|x_i) [log q(z|x_i) - log (1/n) sum_j q(z|x_j)]

    is what z tells about which example it came from, between 0 and log n. The expectation over z is
    taken by draws; nothing else is estimated. For the distribution that the examples came from,

        E I_n  <=  I_q(x; z)  <=  E I_n^-        and  I_q(x; z)  <=  E KL(q(z|x) || p(z))

    where I_n^- leaves j = i out of the mixture (divisor n - 1). I_n is the InfoNCE bound with the
    best critic there is, q(z|x) itself, and says nothing about information beyond log n: where it
    is close to that, take more examples. The two sides meet as n grows.

    Args:
        model: a trained model whose posterior has a density.
        x: array [n, ...], n >= 2. The time grows with n^2.
        num_samples: draws of z per example, at least 2. Default 8.
        seed: integer. Default 0.
        batch_size: examples encoded at a time; it does not change the result. Default 256.
        condition: one row per example, where the model takes a condition; the information is then
            about x and the condition together. Default None.

    Returns:
        A dictionary of floats:
            mutual_information: I_n, a lower bound for the distribution. Where the KL has a closed
                form, it is the control variate of all these means.
            mutual_information_standard_error: that of the draws of z; not of the choice of x.
            leave_one_out_upper_bound: I_n^-, an upper bound for the distribution.
            kl_upper_bound: the mean of KL(q(z|x) || p(z)), an upper bound on both; None where the
                prior has no density.
            marginal_kl: KL(q(z) || p(z)) of the n examples, kl_upper_bound - I_n; or None.
            log_examples: log n.

    Raises:
        ValueError, TypeError: naming the argument; for a posterior without a density.

    Example:

    >>> import keras_infovae as ki
    >>> x = np.random.default_rng(0).random((64, 12)).astype("float32")
    >>> model = ki.VAE(latent_dim=2, seed=0)
    >>> model.build((None, 12))  # trained, that is
    >>> information = mutual_information(model, x)
    >>> information["mutual_information"] < information["log_examples"]
    True

    References:
        Hoffman and Johnson, ELBO surgery, NeurIPS workshop 2016: I_n and the marginal KL.
        Poole et al., On Variational Bounds of Mutual Information, arXiv:1905.06922, sections 2.1
        and 2.5.
    """
    measured = Measured(model, x, condition, seed=seed, batch_size=batch_size)
    return information(log_densities(measured, num_samples))


def information(log):
    """Returns what `mutual_information` does, of `LogDensities`."""
    total = None if log.prior is None else log.posterior - log.prior
    information, error = _mean(log.posterior - log.aggregated, total, log.kl)
    upper, _ = _mean(log.posterior - log.leave_one_out, total, log.kl)
    kl = None if total is None else _mean(total, total, log.kl)[0]
    return {
        "mutual_information": information,
        "mutual_information_standard_error": error,
        "leave_one_out_upper_bound": upper,
        "kl_upper_bound": kl,
        "marginal_kl": None if kl is None else kl - information,
        "log_examples": math.log(len(log.posterior)),
    }


def elbo_decomposition(
    model: Model,
    x: Rows,
    *,
    num_samples: int = 8,
    seed: int = 0,
    batch_size: int = 256,
    condition: Condition = None,
) -> Numbers:
    """Returns the parts of the ELBO of the examples, in nats per example:

        -elbo         = reconstruction_loss + kl_divergence
        kl_divergence = mutual_information + total_correlation + dimension_wise_kl

        mutual_information  = E KL(q(z|x) || q(z))
        total_correlation   = KL(q(z) || prod_d q(z_d))
        dimension_wise_kl   = sum_d KL(q(z_d) || p(z_d))

    with q(z) and q(z_d) the exact mixtures over the n examples given, not estimates of them from
    minibatches. The expectations over z are taken by draws, with the closed form of the KL as
    control variate; the coefficients of the parts add up to 1, so that the parts add up to the
    exact KL. With few examples in many dimensions the mixture is a set of islands: the mutual
    information comes to its largest value, log n, and the total correlation is large.

    Args:
        model, x, num_samples, seed, batch_size, condition: as for `mutual_information`; the
            posterior is normal, the prior a diagonal normal.

    Returns:
        A dictionary of floats: `elbo`, `reconstruction_loss`, `kl_divergence`,
        `mutual_information`, `total_correlation`, `dimension_wise_kl`. The first two are of one
        draw of z per example.

    Raises:
        ValueError, TypeError: naming the argument; for a prior whose dimensions are not
            independent normals (`mutual_information` gives its marginal KL) or a posterior that is
            not normal.

    Example:

    >>> import keras_infovae as ki
    >>> x = np.random.default_rng(0).random((64, 12)).astype("float32")
    >>> model = ki.VAE(latent_dim=2, seed=0)
    >>> model.build((None, 12))  # trained, that is
    >>> parts = elbo_decomposition(model, x)
    >>> names = ["mutual_information", "total_correlation", "dimension_wise_kl"]
    >>> abs(sum(parts[name] for name in names) - parts["kl_divergence"]) < 1e-6
    True

    References:
        Chen et al., Isolating Sources of Disentanglement, arXiv:1802.04942, equation 2.
        Hoffman and Johnson, ELBO surgery, NeurIPS workshop 2016.
    """
    _check_diagonal_prior(model)
    model.capabilities.require("elbo", "The ELBO")
    measured = Measured(model, x, condition, seed=seed, batch_size=batch_size)
    return decomposition(log_densities(measured, num_samples, marginals=True), measured)


def decomposition(log, measured):
    """Returns what `elbo_decomposition` does, of `LogDensities` with marginals."""
    parts = {
        "mutual_information": log.posterior - log.aggregated,
        "total_correlation": log.aggregated - log.marginals,
        "dimension_wise_kl": log.marginals - log.prior,
    }
    total = log.posterior - log.prior
    kl, _ = _mean(total, total, log.kl)
    elbo = float(np.mean(measured.elbo))
    return {
        "elbo": elbo,
        "reconstruction_loss": -elbo - kl,
        "kl_divergence": kl,
        **{name: _mean(part, total, log.kl)[0] for name, part in parts.items()},
    }


def kl_per_dimension(
    model: Model, x: Rows, *, batch_size: int = 256, condition: Condition = None
) -> np.ndarray:
    """Returns E KL(q(z_d|x) || p(z_d)) of each dimension d, NumPy float64 [latent_dim], in nats.

    Closed form; the sum is the mean of KL(q(z|x) || p(z)). A dimension near 0 is unused: its
    q(z_d|x) is the prior for every x.

    Args:
        model, x, batch_size, condition: as for `mutual_information`; posterior and prior are
            diagonal normals.

    Raises:
        ValueError: for another posterior or prior, whose dimensions share their KL.

    References:
        Kingma and Welling, Auto-Encoding Variational Bayes, arXiv:1312.6114, appendix B.
    """
    model.capabilities.require("posterior", "The KL of each dimension")
    _check_diagonal_prior(model)
    kl = kl_of_dimensions(Measured(model, x, condition, batch_size=batch_size))
    if kl is None:
        raise ValueError(
            "kl_per_dimension needs a posterior that is a diagonal normal. "
            f"Received: posterior={part_name(model, 'posterior', None)}"
        )
    return kl


def kl_of_dimensions(measured):
    """Returns what `kl_per_dimension` does, of a `Measured`; None where it is not known."""
    model, kl = measured.model, []
    if not {"posterior", "prior", "joint"} <= set(model.capabilities):
        return None
    prior = model.prior_distribution()
    for examples in in_batches([measured.x, measured.condition], measured.batch_size):
        of_batch = distributions.kl_per_dimension(model.posterior_distribution(*examples), prior)
        if of_batch is None:
            return None
        kl.append(np.asarray(of_batch, "float64"))
    return np.concatenate(kl).mean(axis=0)


def _mean(term, total, kl):
    """Returns (mean of `term` [n, s], the standard error of its draws).

    `total` [n, s] are the draws of a term whose mean over z, `kl` [n], is known: the part of the
    error of `term` that follows the error of `total` is taken off it. None for either leaves `term`
    as it is. The slope for an example comes from the draws of the others: from its own, the mean
    would be biased, by a hundredth of a nat or more at n = 3. The slopes of terms that add up to
    `total` add up to 1.
    """
    means, deviations = term.mean(axis=1), _within(term)
    if total is not None and kl is not None:
        spread = _within(total)
        products, squares = np.sum(deviations * spread, axis=1), np.sum(spread**2, axis=1)
        products, squares = products.sum() - products, squares.sum() - squares
        slopes = np.divide(products, squares, out=np.zeros_like(squares), where=squares > 0)
        means = means - slopes * (total.mean(axis=1) - kl)
        deviations = deviations - slopes[:, None] * spread
    n, s = term.shape
    return float(means.mean()), float(np.sqrt(np.sum(deviations**2) / (s - 1) / s) / n)


def _within(term):
    """Returns the deviations of the draws [n, s] of each example from their mean."""
    return term - term.mean(axis=1, keepdims=True)


def has_diagonal_prior(model):
    """Returns whether p(z) has a density and its dimensions are independent normals."""
    if not {"prior", "joint"} <= set(model.capabilities):
        return False
    return distributions.diagonal_normal_moments(model.prior_distribution()) is not None


def _check_diagonal_prior(model):
    model.capabilities.require("prior", "The prior")
    if not has_diagonal_prior(model):
        raise ValueError(
            "Argument `model` must have a prior whose dimensions are independent normals. "
            f"Received: prior={part_name(model, 'model_prior', model.prior_distribution())}"
        )
