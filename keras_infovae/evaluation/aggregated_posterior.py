"""The aggregated posterior q(z) = E_data q(z|x) against the prior."""

from __future__ import annotations

import numpy as np

from keras_infovae.evaluation.measured import Measured
from keras_infovae.evaluation.moments import ACTIVE_VARIANCE
from keras_infovae.typing import Condition, Model, Rows
from keras_infovae.utils.checks import check_number


def aggregated_posterior_covariance(
    model: Model, x: Rows, *, batch_size: int = 256, condition: Condition = None
) -> np.ndarray:
    """Returns Cov[q(z)], NumPy float64 [latent_dim, latent_dim], by the law of total covariance:

        Cov[q(z)] = Cov_x(E[z|x]) + E_x(Cov[z|x])

    exact for the examples given (divisor n), with no draws of z. Where a model does not know q(z|x)
    but draws from it, the covariance of 16 draws per example is an unbiased estimate.

    Args:
        model: a trained model that encodes.
        x: array [n, ...], n >= 2.
        batch_size: examples computed at a time; it does not change the result. Default 256.
        condition: one row per example, where the model takes a condition. Default None.

    Raises:
        ValueError, TypeError: for fewer than two examples, data that is not as the model was
            trained on, or a model without codes.
    """
    return _moments(model, x, condition, batch_size).covariance


def log_det_covariance(
    model: Model, x: Rows, *, batch_size: int = 256, condition: Condition = None
) -> float:
    """Returns log det Cov[q(z)], a float; 0 where q(z) has the covariance of N(0, I).

    Well above 0, the codes spread further than the prior, and samples from the prior miss them;
    well below 0, they fill only part of it. The paper uses it to show over-fitted inference.

    Args:
        model, x, batch_size, condition: as for `aggregated_posterior_covariance`; n > latent_dim
            for a deterministic posterior (else -inf).

    References:
        Zhao, Song, Ermon, InfoVAE, arXiv:1706.02262, section 5.2.
    """
    return _moments(model, x, condition, batch_size).log_det_covariance


def active_units(
    model: Model,
    x: Rows,
    threshold: float = ACTIVE_VARIANCE,
    *,
    batch_size: int = 256,
    condition: Condition = None,
) -> int:
    """Returns how many dimensions of z say something about x, an int:

        #{ d : Var_x(E[z_d|x]) > threshold }

    Args:
        model, x, batch_size, condition: as for `aggregated_posterior_covariance`.
        threshold: default 0.01, as in the reference.

    References:
        Burda, Grosse, Salakhutdinov, arXiv:1509.00519, section 5.2.
    """
    threshold = check_number("threshold", threshold, minimum=0)
    return int(_moments(model, x, condition, batch_size).active(threshold).sum())


def posterior_moments(
    model: Model, x: Rows, *, batch_size: int = 256, condition: Condition = None
) -> tuple[np.ndarray, np.ndarray]:
    """Returns (E[z|x], Var[z|x]), two NumPy float64 arrays [n, latent_dim].

    Args:
        model, x, batch_size, condition: as for `aggregated_posterior_covariance`.

    Raises:
        ValueError, TypeError: as for `aggregated_posterior_covariance`.
    """
    moments = _moments(model, x, condition, batch_size)
    return moments.means, moments.variances


def _moments(model, x, condition, batch_size):
    return Measured(model, x, condition, batch_size=batch_size).moments
