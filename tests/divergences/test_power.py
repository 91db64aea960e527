"""What a divergence can see, and the warning of a kernel without power."""

import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.divergences.power import kernel_warning, signal_to_noise
from keras_infovae.utils import probability as tfp


def standard_normal(latent_dim):
    return ki.priors.StandardNormal().distribution(latent_dim)


def authors(latent_dim, **settings):
    """Returns MMD with the kernel of the authors' code, exp(-d^2 / D^2)."""
    kernel = ki.kernels.Gaussian(latent_dim / np.sqrt(2), (1.0,))
    return ki.divergences.MaximumMeanDiscrepancy(kernel, **settings)


class MeanSquare(ki.divergences.Divergence):
    """The mean over the batch of |z|^2 / D: its moments are those of a chi-square."""

    def __call__(self, z, prior, posterior=None, seed=None):
        assert posterior is None and seed.shape == (2,)
        return tf.reduce_mean(z**2)


def test_ratio_of_a_known_divergence():
    # Signal (0.25 - 1), noise sqrt(2 / (4 * 64)): the ratio of the population is -8.49.
    ratio = signal_to_noise(MeanSquare(), standard_normal(4), 4, 64, draws=400)
    assert abs(ratio / (-0.75 / np.sqrt(2 / 256)) - 1) < 4 / np.sqrt(2 * 399)
    assert ratio == signal_to_noise(MeanSquare(), standard_normal(4), 4, 64, draws=400)
    assert ratio != signal_to_noise(MeanSquare(), standard_normal(4), 4, 64, draws=400, seed=1)


def test_large_batches_are_judged_by_a_part_of_them():
    few = signal_to_noise(MeanSquare(), standard_normal(2), 2, 20, draws=4)
    assert few == signal_to_noise(MeanSquare(), standard_normal(2), 2, 10**9, draws=4, max_rows=20)


def test_a_divergence_without_noise():
    class Constant(MeanSquare):
        def __call__(self, z, prior, posterior=None, seed=None):
            return tf.constant(1.0)

    assert signal_to_noise(Constant(), standard_normal(2), 2, 8) == 0.0


def test_the_ratio_of_a_kernel_grows_in_proportion_to_the_rows():
    prior, divergence = standard_normal(8), authors(8, estimator="sampled")
    few, many = (
        signal_to_noise(divergence, prior, 8, rows, draws=60, max_rows=rows) for rows in (32, 256)
    )
    # The relative variance of a ratio r is that of the noise, 1 / (2 * 59), and that of the two
    # means of the signal, at most 2 / (60 r^2). Growth with the root of the rows would give -0.65.
    error = np.sqrt(2 / 118 + 2 / 60 * (1 / few**2 + 1 / many**2))
    assert 3 * error < 0.6
    assert abs(many / few / 8 - 1) < 3 * error


def test_a_kernel_that_goes_blind_is_warned_of_with_its_number_and_the_fix():
    blind, prior = authors(128), standard_normal(128)
    message = kernel_warning(blind, prior, 128, 128)
    assert message.startswith("The divergence cannot see a wrong variance of z at latent_dim=128")
    ratio = float(message.split("raise it by ")[1].split(" standard")[0])
    assert ratio == round(signal_to_noise(blind, prior, 128, 128), 1) < 3.0
    for part in ("a batch of 128", 'bandwidth="dimension"', "larger batch", "kernel=Gaussian("):
        assert part in message


def test_a_large_batch_or_few_dimensions_give_the_same_kernel_its_power():
    wide = authors(128, estimator="sampled")
    assert kernel_warning(wide, standard_normal(128), 128, 100_000) is None
    assert kernel_warning(authors(2), standard_normal(2), 2, 128) is None


@pytest.mark.parametrize(("kernel", "latent_dim"), [("gaussian", 64), ("imq", 2), ("rq", 64)])
def test_the_kernels_of_this_package_are_not_warned_of(kernel, latent_dim):
    divergence = ki.divergences.MaximumMeanDiscrepancy(kernel)
    assert kernel_warning(divergence, standard_normal(latent_dim), latent_dim, 32) is None


def test_no_warning_where_there_is_no_kernel_or_no_spread():
    assert kernel_warning(MeanSquare(), standard_normal(2), 2, 8) is None
    sphere = tfp.distributions.SphericalUniform(3)
    assert kernel_warning(authors(3, estimator="sampled"), sphere, 3, 8) is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch_size": 0}, "`batch_size` must be an integer of at least 1"),
        ({"draws": 1}, "`draws` must be an integer of at least 2"),
        ({"scale": -1.0}, "`scale` must be at least 0"),
        ({"seed": -1}, "`seed` must be an integer of at least 0"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    arguments = {"batch_size": 8, **arguments}
    with pytest.raises(ValueError, match=message):
        signal_to_noise(MeanSquare(), standard_normal(2), 2, **arguments)
