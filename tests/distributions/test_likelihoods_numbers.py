"""Likelihoods of real values and of values in [0, 1], against SciPy."""

import functools

import numpy as np
import pytest
import tensorflow as tf
from scipy import integrate, stats

import keras_infovae as ki

RNG = np.random.default_rng(0)
X = RNG.normal(size=(4, 3)).astype("float32")
LOCATION = RNG.normal(size=(4, 3)).astype("float32")
LOG_SCALE = RNG.normal(size=(4, 3)).astype("float32")
BOUNDED_SCALE = 0.01 + np.exp(7 * np.tanh(LOG_SCALE / 7))


def test_laplace():
    p = ki.likelihoods.Laplace(scale=0.5).distribution(LOCATION)
    np.testing.assert_allclose(
        p.log_prob(X), stats.laplace.logpdf(X, LOCATION, 0.5).sum(-1), rtol=1e-5
    )
    parameters = np.stack([LOCATION, LOG_SCALE], axis=-1)
    p = ki.likelihoods.Laplace(scale="per_value").distribution(parameters)
    expected = stats.laplace.logpdf(X, LOCATION, BOUNDED_SCALE).sum(-1)
    np.testing.assert_allclose(p.log_prob(X), expected, rtol=1e-4)
    np.testing.assert_array_equal(p.mean(), LOCATION)


def test_student_t():
    p = ki.likelihoods.StudentT(degrees_of_freedom=3, scale=0.5).distribution(LOCATION)
    expected = stats.t.logpdf(X, 3, LOCATION, 0.5).sum(-1)
    np.testing.assert_allclose(p.log_prob(X), expected, rtol=1e-5)
    parameters = np.stack([LOCATION, LOG_SCALE], axis=-1)
    likelihood = ki.likelihoods.StudentT(scale="per_value")
    likelihood.build((3,))
    p = likelihood.distribution(parameters)
    expected = stats.t.logpdf(X, 5, LOCATION, BOUNDED_SCALE).sum(-1)  # 5 is where it starts
    np.testing.assert_allclose(p.log_prob(X), expected, rtol=1e-4)
    np.testing.assert_array_equal(p.mean(), LOCATION)


@pytest.mark.parametrize(
    ("likelihood", "expected"),
    [
        (ki.likelihoods.Normal, stats.norm),
        (ki.likelihoods.Laplace, stats.laplace),
        (functools.partial(ki.likelihoods.StudentT, 3), stats.t(3)),
    ],
)
@pytest.mark.parametrize("scale_update", ["closed_form", "gradient"])
def test_a_learned_scale_for_each_column(likelihood, expected, scale_update):
    likelihood = likelihood(scale="per_column", scale_update=scale_update)
    likelihood.build((3,))
    likelihood.log_scale.assign(LOG_SCALE[0])
    scale = BOUNDED_SCALE[0] if scale_update == "gradient" else np.exp(LOG_SCALE[0])
    log_density = expected.logpdf((X - LOCATION) / scale) - np.log(scale)
    log_prob = likelihood.distribution(LOCATION).log_prob(X)
    np.testing.assert_allclose(log_prob, log_density.sum(-1), rtol=1e-4)


@pytest.mark.parametrize(("raw", "bound"), [(-1e4, 1 + np.exp(-5)), (1e4, 1 + np.exp(5))])
def test_student_t_degrees_of_freedom_leave_it_a_mean(raw, bound):
    likelihood = ki.likelihoods.StudentT()
    likelihood.build((1,))
    likelihood.log_excess.assign(raw)
    p = likelihood.distribution([[2.0]])
    np.testing.assert_allclose(p.distribution.df, bound, rtol=1e-5)
    np.testing.assert_array_equal(p.mean(), [[2.0]])


def test_student_t_learns_how_heavy_the_tails_are():
    x = tf.constant(stats.t.rvs(2.0, size=(4000, 1), random_state=0).astype("float32"))
    likelihood = ki.likelihoods.StudentT()
    likelihood.build((1,))

    @tf.function
    def slope(excess):
        likelihood.log_excess.assign(5 * tf.atanh(tf.math.log(excess) / 5))
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(likelihood.distribution(tf.zeros_like(x)).log_prob(x))
        return tape.gradient(loss, likelihood.log_excess.value)

    # The gradient descends toward the true value, degrees of freedom 1 + 1, from both sides.
    assert slope(tf.constant(0.7)) < 0 < slope(tf.constant(1.4))


LOGITS = np.array([-1e4, -50, -3, -1e-2, -1e-4, 0, 1e-4, 1e-2, 3, 50, 1e4])


def continuous_bernoulli_log_normalizer(a):
    """log of the integral of exp(a x) over [0, 1], in float64."""
    a = np.where(a == 0, 1e-12, a)
    return np.maximum(a, 0) + np.log(-np.expm1(-np.abs(a)) / np.abs(a))


def test_continuous_bernoulli_is_the_truncated_exponential():
    x = np.array([0.0, 0.3, 1.0])[:, None]
    p = ki.likelihoods.ContinuousBernoulli().distribution(LOGITS[None, :, None])
    expected = LOGITS * x - continuous_bernoulli_log_normalizer(LOGITS)
    for row, value in zip(expected, x[:, 0], strict=True):
        log_prob = p.distribution.log_prob(np.full((1, len(LOGITS), 1), value, "float32"))
        np.testing.assert_allclose(log_prob[0, :, 0], row, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("logit", [-30.0, -1.0, 0.0, 2.0])
def test_continuous_bernoulli_is_a_density_and_has_its_mean(logit):
    p = ki.likelihoods.ContinuousBernoulli().distribution([[logit]])
    x = np.linspace(0, 1, 4001)
    log_prob = p.distribution.log_prob(x[:, None, None].astype("float32")).numpy()
    density = np.exp(log_prob.astype("float64"))[:, 0, 0]
    np.testing.assert_allclose(integrate.simpson(density, x=x), 1.0, rtol=1e-5)
    np.testing.assert_allclose(integrate.simpson(density * x, x=x), p.mean()[0, 0], rtol=1e-5)
    if logit:  # the sigmoid is not the mean
        assert abs(float(p.mean()[0, 0]) - 1 / (1 + np.exp(-logit))) > 0.01
