"""The prior of several layers: its density is that of its noise, and of its parts."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.utils import probability as tfp


@pytest.fixture(scope="module")
def prior():
    """Three layers of 2, 2 and 1 dimensions, whose conditionals are far from N(0, I)."""
    keras.utils.set_random_seed(0)
    prior = ki.priors.Hierarchical([2, 2, 1], hidden_units=(6,))
    prior.build(5)
    for network in prior.networks:
        kernel, bias = network.trainable_variables[-2:]
        kernel.assign(0.5 * tf.random.stateless_normal(kernel.shape, [1, 2]))
        bias.assign(0.5 * tf.random.stateless_normal(bias.shape, [3, 4]))
    return prior


def test_the_density_is_that_of_the_noise_by_the_determinant(prior):
    u = tf.random.stateless_normal([7, 5], [5, 6])
    with tf.GradientTape() as tape:
        tape.watch(u)
        z = prior.of_noise(u)
    jacobian = tape.batch_jacobian(z, u).numpy()
    log_noise = ki.priors.StandardNormal().distribution(5).log_prob(u)
    expected = log_noise - np.linalg.slogdet(jacobian)[1]
    np.testing.assert_allclose(prior.distribution(5).log_prob(z), expected, rtol=1e-4, atol=1e-4)


def test_the_divergence_from_a_normal_is_that_of_its_draws(prior):
    p = prior.distribution(5)
    parameters = tf.constant([[0.3, -0.2, 0.5, 0.1, 1.0, -1.0, 0.5, -0.5, 0.2, -2.0]])
    q = ki.posteriors.DiagonalNormal().distribution(parameters)
    z = q.sample(20_000, seed=tf.constant([1, 2]))
    by_draws = q.log_prob(z) - p.log_prob(z)
    error = np.std(by_draws) / np.sqrt(20_000)
    exact = p.kl_rows(q, z)
    assert exact.shape == (1,)
    assert abs(float(exact[0]) - float(tf.reduce_mean(by_draws))) < 4 * error
    # Of another posterior, by its draws alone.
    other = tfp.distributions.MultivariateNormalTriL(q.mean(), scale_tril=tf.eye(5)[None])
    z = other.sample(10, seed=tf.constant([1, 2]))
    assert p.kl_rows(other, z).shape == (1,)


def test_it_starts_as_the_standard_normal_whatever_the_sizes():
    z = tf.random.stateless_normal([9, 6], [0, 1])
    expected = ki.priors.StandardNormal().distribution(6).log_prob(z)
    for sizes in (None, [3, 2, 1]):
        prior = ki.priors.Hierarchical(sizes)
        prior.build(6)
        np.testing.assert_allclose(prior.distribution(6).log_prob(z), expected, rtol=1e-5)
    assert ki.priors.Hierarchical().layer_sizes(12) == [8, 4]


def test_energies_on_it_have_the_same_log_z_in_noise_and_in_z(prior):
    # E_p0 exp f(z) by draws of z, and by annealing in the noise.
    energy = ki.priors.EnergyBased(prior, hidden_units=(8,), bound=2.0)
    energy.build(5)
    assert len(energy.networks) == 3
    assert not {id(v) for v in energy.variables} & {id(v) for v in prior.variables}
    for network in energy.networks:
        kernel = network.trainable_variables[-1]
        kernel.assign(2.0 * tf.random.stateless_normal(kernel.shape, [7, 8]))
    z = prior.distribution(5).sample(50_000, seed=tf.constant([3, 4]))
    plain = np.exp(energy.energy(z).numpy().astype("float64"))
    found = energy.estimate_log_partition(temperatures=60)
    error = np.hypot(plain.std() / plain.mean() / np.sqrt(50_000), found.standard_error)
    assert abs(found.value - np.log(plain.mean())) < 4 * error + 0.005


def test_sizes_that_do_not_fit_are_refused_by_name():
    with pytest.raises(ValueError, match="`sizes` must be those of at least two layers"):
        ki.priors.Hierarchical([4])
    with pytest.raises(ValueError, match="`sizes` must be sizes that add up to latent_dim, 5"):
        ki.priors.Hierarchical([4, 2]).build(5)
    with pytest.raises(ValueError, match="`latent_dim` must be an integer of at least 2"):
        ki.VAE(1, prior="hierarchical").build((None, 3))
