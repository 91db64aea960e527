"""Estimates of log p(x) of a trained model."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from keras_infovae.evaluation.likelihood.annealed import AnnealedImportanceSampling
from keras_infovae.evaluation.likelihood.exact import Exact
from keras_infovae.evaluation.likelihood.importance import ImportanceSampling
from keras_infovae.evaluation.likelihood.methods import LikelihoodMethod
from keras_infovae.evaluation.likelihood.pareto import warn_of
from keras_infovae.evaluation.likelihood.weights import LogLikelihood, joined
from keras_infovae.typing import Condition, Kind, Model, Rows
from keras_infovae.utils.checks import argument_error, check_choice, check_integer
from keras_infovae.utils.row_seeds import packed

METHODS = {
    "importance": ImportanceSampling,
    "annealed_importance": AnnealedImportanceSampling,
    "exact": Exact,
}


def marginal_log_likelihood(
    model: Model,
    x: Rows,
    method: Kind = "importance",
    *,
    seed: int = 0,
    condition: Condition = None,
    batch_size: int = 256,
    verbose: int = 0,
    **settings: Any,
) -> LogLikelihood:
    """Returns an estimate of log p(x) of each example, in nats, and its standard error:

        log p(x) = log E w,        estimated by log (1/K) sum_k w_k

    The first two methods give a lower bound in expectation, which rises to log p(x) with K.
    "importance" asks the encoder where to look and is fast; it falls short where that is far off.
    "annealed_importance" needs no encoder, and tells how good the decoder is whatever the encoder
    does; `bidirectional_monte_carlo` says how near it comes for a model. "exact" is log p(x)
    itself, where the likelihood is normal and the decoder, of Dense and (leaky) ReLU layers, has
    one or two latents.

    Args:
        model: a trained model.
        x: array [n, ...], as the model was trained on.
        method: `"importance"` (default), `"annealed_importance"` or `"exact"`, with `settings`; or
            an `ImportanceSampling`, `AnnealedImportanceSampling` or `Exact`.
        seed: integer of at least 0; an example's draws follow from it and its place in x. Default
            0.
        condition: one row per example where the model takes a condition; the likelihood is then
            that of x given the condition. Default None.
        batch_size: examples computed at a time, at most; it does not change the result. Default
            256.
        verbose: 1 for a progress bar over the batches, 0 (default) for none.
        **settings: those of the method: `num_samples` (default 5,000); or `chains` (16),
            `temperatures` (500), `leapfrog_steps` (2), `schedule` ("adaptive"), `start` ("prior");
            none for "exact".

    Returns:
        A named tuple of five NumPy float64 [n]: `log_likelihood` and its `standard_error`, in nats;
        `effective_sample_size`, how many equal weights would do as well; `pareto_k`, the shape of
        the largest weights' tail, NaN for fewer than 21 draws or chains; and `acceptance`, the mean
        probability with which steps of annealing were accepted, NaN by "importance". Where the size
        is near 1 one draw has decided, and where k is 0.7 or more no number of draws will do in
        practice: by "importance" a warning says for how many examples. The standard error is that
        of the mean weight over independent draws or chains, divided by it (the delta method). Known
        errors lay within 1.96 of them for 84 to 85 % of examples by "importance", however large the
        effective sample size, and for 91 to 94 % by "annealed_importance" (docs/evaluation.md). By
        "exact" the error is 0, the size infinite, and k and acceptance are NaN.

    Raises:
        ValueError: for data that is not as the model was trained on; for a prior without a density;
            where q(z|x) is used, for a posterior without one; for annealing on the sphere; for a
            model whose p(x) has no closed form by "exact".
        TypeError: for a setting that the method does not have.

    Example:

    >>> import numpy as np
    >>> import keras_infovae as ki
    >>> x = np.random.default_rng(0).random((8, 12)).astype("float32")
    >>> model = ki.VAE(latent_dim=2)
    >>> model.build(x.shape)
    >>> by_encoder = ki.evaluation.marginal_log_likelihood(model, x, num_samples=500)
    >>> without = ki.evaluation.marginal_log_likelihood(
    ...     model, x, "annealed_importance", temperatures=20
    ... )
    >>> bool(abs(by_encoder.log_likelihood - without.log_likelihood).mean() < 0.1)
    True

    References:
        Burda, Grosse, Salakhutdinov, Importance Weighted Autoencoders, arXiv:1509.00519,
        equation 8 and theorem 1.
        Wu, Burda, Salakhutdinov, Grosse, On the Quantitative Analysis of Decoder-Based Generative
        Models, arXiv:1611.04273.
        Vehtari, Simpson, Gelman, Yao, Gabry, Pareto Smoothed Importance Sampling, arXiv:1507.02646.
    """
    given = {"seed": seed, "condition": condition, "batch_size": batch_size, "verbose": verbose}
    return _estimate(get_method(method, settings), model, x, **given)


def importance_weighted_bound(
    model: Model,
    x: Rows,
    num_samples: int = 128,
    *,
    seed: int = 0,
    condition: Condition = None,
    batch_size: int = 256,
    verbose: int = 0,
) -> np.ndarray:
    """Returns the importance-weighted lower bound on log p(x) of each example, in nats:

        log (1/K) sum_k p(x|z_k) p(z_k) / q(z_k|x),        z_k ~ q(z|x)

    In expectation a lower bound for every K, the ELBO at K = 1, and tighter with every K. It uses
    the densities of the z drawn, not the analytic KL, without which it would not be a bound. It is
    what `marginal_log_likelihood` gives by "importance", whose arguments these are.

    Returns:
        NumPy float32 [n], in nats. A warning says for how many examples the Pareto k of the weights
        is 0.7 or more; `marginal_log_likelihood` returns k itself.

    Raises:
        ValueError: for a posterior or prior without a density.

    References:
        Burda, Grosse, Salakhutdinov, Importance Weighted Autoencoders, arXiv:1509.00519,
        equation 8 and theorem 1.
    """
    given = {"seed": seed, "condition": condition, "batch_size": batch_size, "verbose": verbose}
    estimate = _estimate(ImportanceSampling(num_samples), model, x, **given)
    return estimate.log_likelihood.astype("float32")


def _estimate(method, model, x, *, seed, condition, batch_size, verbose):
    """Returns the `LogLikelihood` of x, and warns whoever asked the caller for it."""
    weights = weights_of(method, model, x, condition, seed, batch_size, verbose)
    estimate = joined(map(method.estimate, weights))
    warn_of(estimate.pareto_k, method.remedy, stacklevel=3)
    return estimate


def get_method(method, settings):
    """Returns the `LikelihoodMethod` that is named with its settings, or given without any.

    Raises:
        ValueError, TypeError: for a method that is neither, or settings that it does not have.
    """
    if isinstance(method, LikelihoodMethod):
        known, owner = (), "left out with a method that has its settings"
    else:
        known = inspect.signature(METHODS[check_choice("method", method, METHODS)]).parameters
        allowed = f"one of {', '.join(known)}" if known else "left out"
        owner = f"{allowed} for method={method!r}"
    for name, value in settings.items():
        if name not in known:
            raise argument_error(name, owner, value, TypeError)
    return method if isinstance(method, LikelihoodMethod) else METHODS[method](**settings)


def weights_of(method, model, x, condition, seed, batch_size, verbose):
    """Gives the `Weights` of the examples in turn, a batch at a time; all arguments checked."""
    check_integer("seed", seed, minimum=0)
    x, condition = model.example_spec.arrays(x, condition)
    return method.log_weights(model, x, condition, packed(seed, 0, len(x)), batch_size, verbose)
