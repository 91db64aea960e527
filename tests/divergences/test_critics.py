"""Critics: what they estimate, against closed forms, and how they train."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import integrate, stats

import keras_infovae as ki
from keras_infovae.divergences.total_correlation_critic import permute_dimensions
from keras_infovae.utils import probability as tfp

FAST = {"optimizer": {"class_name": "Adam", "config": {"learning_rate": 3e-3}}}


def trained(divergence, q, prior, steps=600, rows=512):
    """Returns the estimate of D(q, prior) from fresh samples, once the critic has trained."""
    keras.utils.set_random_seed(0)  # of the critic's weights
    divergence.build(q.event_shape[0])

    @tf.function
    def step(seed):
        seeds = tf.unstack(tf.random.experimental.stateless_split(seed, 2), num=2)
        divergence.play(q.sample(rows, seed=seeds[0]), prior, seeds[1])

    for number in range(steps):
        step(tf.constant([0, number]))
    z = q.sample(20_000, seed=[1, 1])
    return float(divergence(z, prior, seed=tf.constant([2, 2])))


def normal(mean, covariance):
    return tfp.distributions.MultivariateNormalTriL(
        tf.constant(mean), tf.linalg.cholesky(tf.constant(covariance))
    )


def jensen_shannon(mean):
    """Returns JS(N(mean, 1), N(0, 1)) in nats, by quadrature."""
    q, p = stats.norm(mean), stats.norm()

    def integrand(z):
        mixture = 0.5 * (q.pdf(z) + p.pdf(z))
        return 0.5 * sum(d.pdf(z) * np.log(d.pdf(z) / mixture) for d in (q, p))

    return integrate.quad(integrand, -12, 12 + mean)[0]


# The tolerances: the standard error of a mean of 20,000 values of T, whose deviation is that of a
# log ratio (below 2 here), is 0.014; a critic this small comes within 0.03 of its optimum besides,
# and that of the total correlation, 0.02 to 0.07 below it by six seeds of its weights, within
# 0.05 by the seed that is taken.
def test_adversarial_finds_the_jensen_shannon_divergence():
    prior = normal([0.0], [[1.0]])
    divergence = ki.divergences.Adversarial((64, 64), **FAST)
    value = trained(divergence, normal([1.5], [[1.0]]), prior)
    expected = jensen_shannon(1.5)
    assert 0.2 < expected < math.log(2)
    assert value == pytest.approx(expected, abs=0.04)


def test_density_ratio_finds_the_kullback_leibler_divergence():
    value = trained(
        ki.divergences.DensityRatioKL((64, 64), **FAST),
        normal([1.0], [[1.0]]),
        normal([0.0], [[1.0]]),
    )
    assert value == pytest.approx(0.5, abs=0.06)  # mean^2 / 2


def test_total_correlation_critic_finds_that_of_a_correlated_normal():
    correlated = normal([0.0, 0.0], [[1.0, 0.8], [0.8, 1.0]])
    divergence = ki.divergences.TotalCorrelationCritic((64, 64), **FAST)
    value = trained(divergence, correlated, normal([5.0, 5.0], [[1.0, 0.0], [0.0, 1.0]]))
    assert value == pytest.approx(-0.5 * math.log(1 - 0.8**2), abs=0.07)


@pytest.mark.parametrize("alias", ["adversarial", "kl", "total_correlation_critic"])
def test_an_untrained_critic_that_cannot_tell_scores_zero(alias):
    divergence = type(ki.divergences.get(alias))((8,))
    divergence.build(2)
    last = divergence.critic.layers[-1]
    last.set_weights([0 * w for w in last.get_weights()])  # T = 0
    prior = ki.priors.StandardNormal().distribution(2)
    z = tf.random.stateless_normal([16, 2], seed=[0, 0]) + 3.0
    seed = tf.constant([0, 1])
    assert float(divergence(z, prior, seed=seed)) == pytest.approx(0.0, abs=1e-6)
    assert float(divergence.player_loss(z, prior, seed)) == pytest.approx(math.log(2), abs=1e-6)


def linear_critic(divergence, slope):
    """Makes the critic T(z) = slope * z in one dimension, exactly."""
    divergence.build(1)
    hidden, last = divergence.critic.layers
    hidden.set_weights([np.ones((1, 1)), np.zeros(1)])
    last.set_weights([np.full((1, 1), slope), np.zeros(1)])
    return divergence


def test_gradients_saturate_only_where_asked():
    prior = ki.priors.StandardNormal().distribution(1)

    def slope_at(z, non_saturating):
        divergence = ki.divergences.Adversarial(
            (1,), "linear", num_samples=1, non_saturating=non_saturating
        )
        linear_critic(divergence, 2.0)
        with tf.GradientTape() as tape:
            z = tf.constant([[z]])
            tape.watch(z)
            value = divergence(z, prior, seed=tf.constant([0, 0]))
        return float(value), float(tape.gradient(value, z)[0, 0])

    sigmoid = stats.logistic.cdf
    # d/dz softplus(T) / 2 = T' sigmoid(T) / 2, and of -softplus(-T) / 2, T' sigmoid(-T) / 2.
    for z in (-2.0, 0.0, 3.0):
        value, slope = slope_at(z, True)
        assert slope == pytest.approx(2.0 * sigmoid(2 * z) / 2, rel=1e-4)
        other_value, slope = slope_at(z, False)
        assert slope == pytest.approx(2.0 * sigmoid(-2 * z) / 2, rel=1e-4)
        assert value == pytest.approx(other_value, abs=1e-6)  # the bound, either way


def test_gradient_penalty_is_half_the_mean_squared_slope():
    prior = ki.priors.StandardNormal().distribution(1)
    losses = []
    for weight in (0.0, 3.0):
        divergence = ki.divergences.DensityRatioKL((1,), "linear", gradient_penalty=weight)
        linear_critic(divergence, 2.0)
        losses.append(float(divergence.player_loss(tf.zeros([8, 1]), prior, tf.constant([0, 0]))))
    assert losses[1] - losses[0] == pytest.approx(0.5 * 3.0 * 2.0**2, rel=1e-5)


def test_permuted_dimensions_keep_each_column_and_break_the_rows():
    z = tf.repeat(tf.range(100.0)[:, None], 3, axis=1)
    permuted = permute_dimensions(z, tf.constant([0, 0])).numpy()
    for column in permuted.T:
        np.testing.assert_array_equal(np.sort(column), np.arange(100.0))
    assert abs(np.corrcoef(permuted.T)[0, 1]) < 0.4  # 4 / sqrt(100)


def test_several_draws_are_taken_over_z_from_each_posterior():
    divergence = ki.divergences.DensityRatioKL((1,), "linear", num_samples=64)
    linear_critic(divergence, 1.0)  # E_q T(z) = E z
    q = ki.posteriors.DiagonalNormal().distribution([[1.0, 0.0]] * 50)
    prior = ki.priors.StandardNormal().distribution(1)
    value = divergence(tf.zeros([50, 1]), prior, q, seed=tf.constant([0, 0]))
    assert float(value) == pytest.approx(1.0, abs=4 / math.sqrt(50 * 64))


def test_a_critic_of_other_dimensions_is_refused():
    divergence = ki.divergences.Adversarial((8,))
    divergence.build(3)
    prior = ki.priors.StandardNormal().distribution(2)
    with pytest.raises(ValueError, match="z of 3 dimensions. Received: 2. A critic belongs to one"):
        divergence(tf.zeros([4, 2]), prior)
