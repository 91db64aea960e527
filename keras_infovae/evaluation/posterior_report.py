"""The aggregated posterior on data that the model was trained on, and on data that it was not."""

from keras_infovae.evaluation.aggregated_posterior import (
    count_active,
    log_det,
    means_and_covariance,
)
from keras_infovae.evaluation.batches import check_two_examples
from keras_infovae.evaluation.prior_fit import mmd_to_prior


def aggregated_posterior_report(
    model, train, test, *, draws=100, seed=0, batch_size=256, condition=None, test_condition=None
):
    """Returns what q(z) is like on `train` and on `test`, fit for JSON.

    A model that generalises has about the same q(z) on both. Where log det Cov[q(z)] is far above 0
    on both, codes spread past the prior; where it falls on `test`, inference is over-fitted.

    Args:
        model: a trained model.
        train, test: arrays [n, ...] of at least two examples.
        draws: sets of z from the prior for the p-value of `mmd_to_prior`. Default 100.
        seed: integer. Default 0.
        batch_size: examples encoded at a time. Default 256.
        condition, test_condition: one row per example of `train` and of `test`, where the model
            takes a condition. Default None.

    Returns:
        `{"train": numbers, "test": numbers}`, the numbers being
            examples: n.
            mean: E[z], a list of latent_dim.
            covariance: Cov[q(z)], a list of lists.
            log_det_covariance: 0 is ideal; None for minus infinity.
            active_units: dimensions of z that say something about x.
            mmd, mmd_null_low, mmd_null_high, mmd_p_value: those of `mmd_to_prior`; None for a
                prior on the sphere.

    Raises:
        ValueError, TypeError: naming the argument.

    Example:

    >>> import numpy as np
    >>> import keras_infovae as ki
    >>> x = np.random.default_rng(0).random((64, 12)).astype("float32")
    >>> model = ki.VAE(latent_dim=2, seed=0)
    >>> model.build((None, 12))  # trained, that is
    >>> report = aggregated_posterior_report(model, x[:32], x[32:], draws=19)
    >>> len(report["test"]["mean"])
    2

    References:
        Zhao, Song, Ermon, InfoVAE, arXiv:1706.02262, section 5.2.
    """
    splits = {"train": (train, condition), "test": (test, test_condition)}
    splits = {name: (check_two_examples(x, name), given) for name, (x, given) in splits.items()}
    return {
        name: _numbers(model, x, given, draws, seed, batch_size)
        for name, (x, given) in splits.items()
    }


def _numbers(model, x, condition, draws, seed, batch_size):
    means, covariance = means_and_covariance(model, x, batch_size, condition)
    volume = log_det(covariance)
    mmd = dict.fromkeys(("mmd", "mmd_null_low", "mmd_null_high", "mmd_p_value"))
    if model.prior.support == "euclidean":
        mmd = mmd_to_prior(
            model, x, draws=draws, seed=seed, batch_size=batch_size, condition=condition
        )
    return {
        "examples": len(x),
        "mean": means.mean(axis=0).tolist(),
        "covariance": covariance.tolist(),
        "log_det_covariance": volume if volume > float("-inf") else None,
        "active_units": count_active(means),
        **mmd,
    }
