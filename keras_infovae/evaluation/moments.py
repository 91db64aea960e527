"""The moments of codes, of any model that encodes."""

import contextlib
from typing import NamedTuple

import numpy as np

from keras_infovae.distributions.mean_and_covariance import average_covariance
from keras_infovae.utils.batches import in_batches

ACTIVE_VARIANCE = 0.01  # of E[z_d|x] over x, above which z_d says something about x
_DRAWS = 16  # of z per example, where a model does not know the moments of q(z|x)


class Moments(NamedTuple):
    """What the codes z ~ q(z|x) of n examples are like, NumPy float64.

    Args:
        means: E[z|x], [n, latent_dim].
        variances: Var[z_d|x], [n, latent_dim].
        error: the mean over x of the variance of `means` about E[z|x], [latent_dim]; 0 but where
            E[z|x] is estimated from draws.
        mean, covariance: those of q(z) = E_data q(z|x), [latent_dim] and [latent_dim, latent_dim].
    """

    means: np.ndarray
    variances: np.ndarray
    error: np.ndarray
    mean: np.ndarray
    covariance: np.ndarray

    def active(self, threshold=ACTIVE_VARIANCE):
        """Returns which dimensions d have Var_x(E[z_d|x]) > threshold, booleans [latent_dim]."""
        return self.means.var(axis=0) - self.error > threshold

    @property
    def log_det_covariance(self):
        """log det Cov[q(z)], a float; minus infinity without volume."""
        return log_det(self.covariance)


def moments_of(model, x, condition, batch_size):
    """Returns the `Moments` of a model's codes of examples.

    They are exact where q(z|x) is known with its moments, or is a point, by the law of total
    covariance:

        Cov[q(z)] = Cov_x(E[z|x]) + E_x(Cov[z|x])

    Else Var[z|x] and Cov[q(z)] are those of 16 draws of z per example, without bias (the mean of
    all draws has the covariance E_x(Cov[z|x]) / (16 n), which theirs lacks), and E[z|x] is
    `model.encode(x)`, or where that is not the mean (on a sphere), or not known, the mean of the
    draws.

    Args:
        model: a trained model.
        x, condition: as `check_examples` returns them.
        batch_size: examples computed at a time.

    Raises:
        ValueError: for a model without codes, or whose codes are not finite, of which no number
            would be one.
    """
    model.capabilities.require("encode", "The code of an example")
    moments = None
    if "posterior" in model.capabilities:
        with contextlib.suppress(NotImplementedError):  # where TFP does not know them
            moments = _exact(model, x, condition, batch_size)
    if moments is None:
        moments = _of_draws(model, x, condition, batch_size)
    check_finite_codes(moments.means)
    return moments


def check_finite_codes(z):
    """Returns codes `z`; raises ValueError unless they are finite."""
    if not np.isfinite(z).all():
        raise ValueError(
            "Argument `model` must encode x to finite codes. Received: a model that gives NaN or "
            "infinite ones, as after a training that diverged"
        )
    return z


def _exact(model, x, condition, batch_size):
    means, variances, within = [], [], 0.0
    for examples in in_batches([x, condition], batch_size):
        posterior = model.posterior_distribution(*examples)
        spread = np.asarray(average_covariance(posterior, full=True), "float64")
        means.append(np.asarray(posterior.mean(), "float64"))
        variances.append(np.asarray(posterior.variance(), "float64"))
        within = within + spread * len(means[-1])
    return _known(np.concatenate(means), np.concatenate(variances), within / len(x))


def _known(means, variances, within):
    covariance = np.atleast_2d(np.cov(means, rowvar=False, bias=True)) + within
    return Moments(means, variances, np.zeros(len(covariance)), means.mean(axis=0), covariance)


def _of_draws(model, x, condition, batch_size):
    given = {"batch_size": batch_size, "condition": condition}
    total = squares = products = 0.0  # not the draws themselves, which may be many
    for seed in range(_DRAWS):
        z = model.encode(x, sample=True, seed=seed, **given).astype("float64")
        if seed == 1 and np.array_equal(z, total):  # points
            return _known(z, np.zeros_like(z), 0.0)
        total, squares, products = total + z, squares + z**2, products + z.T @ z
    means, mean = total / _DRAWS, total.mean(axis=0) / _DRAWS
    within = (products - total.T @ means) / (_DRAWS - 1)  # the sum of Cov[z|x] over x
    variances = np.maximum(squares - total * means, 0.0) / (_DRAWS - 1)
    error = variances.mean(axis=0) / _DRAWS
    if model.latent_support == "euclidean":
        with contextlib.suppress(NotImplementedError):  # where TFP does not know the mode
            means, error = model.encode(x, **given).astype("float64"), np.zeros_like(error)
    count = _DRAWS * len(x)
    covariance = (products + within / len(x)) / count - np.outer(mean, mean)
    return Moments(means, variances, error, mean, covariance)


def log_det(covariance):
    """Returns the logarithm of the determinant, a float; minus infinity without volume."""
    if not np.isfinite(covariance).all():
        return float("nan")
    if np.linalg.matrix_rank(covariance, hermitian=True) < len(covariance):
        return float("-inf")  # what rounding leaves of a determinant of 0 is no volume
    return float(np.linalg.slogdet(covariance)[1])
