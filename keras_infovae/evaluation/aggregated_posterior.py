"""The aggregated posterior q(z) = E_data q(z|x) against the prior."""

import numpy as np

from keras_infovae.distributions.mean_and_covariance import average_covariance
from keras_infovae.evaluation.batches import check_examples, posteriors
from keras_infovae.utils.checks import check_number

ACTIVE_VARIANCE = 0.01  # of E[z_d|x] over x, above which z_d says something about x


def aggregated_posterior_covariance(model, x, batch_size=256, condition=None):
    """Returns Cov[q(z)], NumPy float64 [latent_dim, latent_dim], by the law of total covariance:

        Cov[q(z)] = Cov_x(E[z|x]) + E_x(Cov[z|x])

    exact for the examples given (divisor n), with no draws of z.

    Args:
        model: a trained model.
        x: array [n, ...], n >= 2.
        batch_size: examples computed at a time. Default 256.
        condition: one row per example, where the model takes a condition. Default None.

    Raises:
        ValueError, TypeError: for fewer than two examples, or data that is not as the model was
            trained on.
    """
    return means_and_covariance(model, x, batch_size, condition)[1]


def means_and_covariance(model, x, batch_size=256, condition=None):
    """Returns (E[z|x], [n, latent_dim]; Cov[q(z)], as above), NumPy float64."""
    x, condition = check_examples(model, x, condition)
    means, within = [], 0.0
    for posterior in posteriors(model, x, condition, batch_size):
        means.append(np.asarray(posterior.mean(), "float64"))
        average = np.asarray(average_covariance(posterior, full=True), "float64")
        within = within + len(means[-1]) * average
    means = np.concatenate(means)
    return means, np.atleast_2d(np.cov(means, rowvar=False, bias=True)) + within / len(x)


def log_det_covariance(model, x, batch_size=256, condition=None):
    """Returns log det Cov[q(z)], a float; 0 where q(z) has the covariance of N(0, I).

    Well above 0, the codes spread further than the prior, and samples from the prior miss them;
    well below 0, they fill only part of it. The paper uses it to show over-fitted inference.

    Args:
        model, x, batch_size, condition: as for `aggregated_posterior_covariance`; n > latent_dim
            for a deterministic posterior (else -inf).

    References:
        Zhao, Song, Ermon, InfoVAE, arXiv:1706.02262, section 5.2.
    """
    return log_det(aggregated_posterior_covariance(model, x, batch_size, condition))


def log_det(covariance):
    """Returns the logarithm of the determinant, a float; minus infinity without volume."""
    if not np.isfinite(covariance).all():
        return float("nan")
    if np.linalg.matrix_rank(covariance, hermitian=True) < len(covariance):
        return float("-inf")  # what rounding leaves of a determinant of 0 is no volume
    return float(np.linalg.slogdet(covariance)[1])


def active_units(model, x, threshold=ACTIVE_VARIANCE, batch_size=256, condition=None):
    """Returns how many dimensions of z say something about x, an int:

        #{ d : Var_x(E[z_d|x]) > threshold }

    Args:
        model, x, batch_size, condition: as for `aggregated_posterior_covariance`.
        threshold: default 0.01, as in the reference.

    References:
        Burda, Grosse, Salakhutdinov, arXiv:1509.00519, section 5.2.
    """
    threshold = check_number("threshold", threshold, minimum=0)
    return count_active(posterior_means(model, x, batch_size, condition), threshold)


def are_active(means, threshold=ACTIVE_VARIANCE):
    """Returns which columns of E[z|x] [n, latent_dim] vary by more than `threshold`, booleans."""
    return means.var(axis=0) > threshold


def count_active(means, threshold=ACTIVE_VARIANCE):
    """Returns how many columns of E[z|x] [n, latent_dim] are active, an int."""
    return int(np.sum(are_active(means, threshold)))


def posterior_means(model, x, batch_size=256, condition=None):
    """Returns E[z|x], NumPy float64 [n, latent_dim]."""
    x, condition = check_examples(model, x, condition)
    found = [np.asarray(q.mean(), "float64") for q in posteriors(model, x, condition, batch_size)]
    return np.concatenate(found)


def posterior_moments(model, x, batch_size=256, condition=None):
    """Returns (E[z|x], Var[z|x]), two NumPy float64 arrays [n, latent_dim].

    Raises:
        ValueError, TypeError: as for `aggregated_posterior_covariance`.
    """
    x, condition = check_examples(model, x, condition)
    means, variances = [], []
    for posterior in posteriors(model, x, condition, batch_size):
        means.append(np.asarray(posterior.mean(), "float64"))
        variances.append(np.asarray(posterior.variance(), "float64"))
    return np.concatenate(means), np.concatenate(variances)
