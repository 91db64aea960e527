"""Densities with known moments, and chains of them."""

import numpy as np
import tensorflow as tf

from keras_infovae.samplers import run_chain, seeded_noise, with_gradient

SEED = tf.constant([3, 4])
GUMBEL_MEAN, GUMBEL_VARIANCE = np.euler_gamma, np.pi**2 / 6


def normal(variance):
    """Returns the density of N(0, variance)."""
    return with_gradient(lambda z: -0.5 * tf.reduce_sum(z**2, axis=-1) / variance)


# Skewed, with a gradient that has no bound: log p(z) = -z - exp(-z) in each dimension.
gumbel = with_gradient(lambda z: -tf.reduce_sum(z + tf.exp(-z), axis=-1))


def gumbel_draws(count):
    uniform = tf.random.stateless_uniform([count, 1], [7, 8], 1e-7, 1.0)
    return -tf.math.log(-tf.math.log(uniform))


@tf.function
def end_of_chain(step, density, z, steps, step_size, **settings):
    """Returns z and the `Info` of a chain from z, in a graph."""
    end, info = run_chain(
        step, density, density(z), steps, step_size, seeded_noise(SEED), **settings
    )
    return end.z, info


def assert_variance(z, variance, mean=0.0, kurtosis=3.0):
    """Asserts the moments of independent z, within 4 standard errors."""
    z = z.numpy().ravel().astype("float64")
    assert abs(z.mean() - mean) < 4 * np.sqrt(variance / z.size)
    error = variance * np.sqrt((kurtosis - 1.0) / z.size)
    assert abs(np.mean((z - mean) ** 2) - variance) < 4 * error


def tabled_noise(seed, steps, rows, dimensions):
    """Returns a function of rows (default: all) to a source of noise that is known in advance.

    The noise of a row depends neither on the rows beside it nor on how the chain is compiled.
    """
    rng = np.random.default_rng(seed)
    tables = {
        "normal": rng.normal(size=(steps, rows, dimensions)),
        "jitter": rng.random((steps, rows)),
        "acceptance": rng.random((steps, rows)),
    }

    def noise_of(which=slice(None)):
        def noise(k, shape, what):
            return tf.constant(tables[what][:, which], tf.float32)[k]

        return noise

    return noise_of
