"""The aggregated posterior on data that the model was trained on, and on data that it was not."""

from __future__ import annotations

from keras_infovae.evaluation.measured import Measured
from keras_infovae.evaluation.prior_fit import MOST_EXAMPLES, null_of, prior_fit
from keras_infovae.typing import Condition, Model, Numbers, Rows


def aggregated_posterior_report(
    model: Model,
    train: Rows,
    test: Rows,
    *,
    draws: int = 100,
    seed: int = 0,
    batch_size: int = 256,
    condition: Condition = None,
    test_condition: Condition = None,
) -> Numbers:
    """Returns what q(z) is like on `train` and on `test`, fit for JSON.

    A model that generalizes has about the same q(z) on both. Where log det Cov[q(z)] is far above 0
    on both, codes spread past the prior; where it falls on `test`, inference is over-fitted.

    Args:
        model: a trained model.
        train, test: arrays [n, ...] of at least two examples.
        draws: sets of z from the prior for the p-value of `mmd_to_prior`. Default 100.
        seed: integer. Default 0.
        batch_size: examples encoded at a time; it does not change the result. Default 256.
        condition, test_condition: one row per example of `train` and of `test`, where the model
            takes a condition. Default None.

    Returns:
        `{"train": numbers, "test": numbers}`, the numbers being
            examples: n.
            mean: E[z], a list of latent_dim.
            covariance: Cov[q(z)], a list of lists.
            log_det_covariance: 0 is ideal; None for minus infinity.
            active_units: dimensions of z that say something about x.
            mmd, mmd_null_low, mmd_null_high, mmd_p_value: those of `mmd_to_prior`; None on the
                sphere, and for a model without a prior.

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
    given = {"seed": seed, "batch_size": batch_size}
    train = Measured(model, train, condition, name="train", **given)
    test = Measured(model, test, test_condition, name="test", **given)
    null = null_of(model, seed, draws)
    return {"train": posterior_numbers(train, null), "test": posterior_numbers(test, null)}


def posterior_numbers(measured, null):
    """Returns what q(z) is like on the examples of a `Measured`; as `aggregated_posterior_report`.

    Args:
        measured: the `Measured`.
        null: what `null_of` gives for its model and seed; sets of one size share their draws.

    Raises:
        ValueError: for a model without codes.
    """
    moments = measured.moments
    volume = moments.log_det_covariance
    mmd = dict.fromkeys(("mmd", "mmd_null_low", "mmd_null_high", "mmd_p_value"))
    if null is not None:
        mmd = prior_fit(measured.some(MOST_EXAMPLES), null)
    return {
        "examples": len(measured),
        "mean": moments.mean.tolist(),
        "covariance": moments.covariance.tolist(),
        "log_det_covariance": volume if volume > float("-inf") else None,
        "active_units": int(moments.active().sum()),
        **mmd,
    }
