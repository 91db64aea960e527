"""What a divergence holds at a time, counted in the program that XLA is given."""

import math
import re

import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.divergences.functional.blockwise import BLOCK_ELEMENTS

ROWS, LATENT_DIM, FEATURES, DRAWS = 8192, 16, 336, 8
# Each with the number of elements that no tensor of value and gradient may exceed.
CASES = {
    "mmd": (ki.divergences.MaximumMeanDiscrepancy(), ROWS * FEATURES),
    "mmd, closed form": (
        ki.divergences.MaximumMeanDiscrepancy(estimator="closed_form"),
        BLOCK_ELEMENTS,
    ),
    "mmd, sampled": (ki.divergences.MaximumMeanDiscrepancy(estimator="sampled"), BLOCK_ELEMENTS),
    "stein": (ki.divergences.KernelizedSteinDiscrepancy(), ROWS * FEATURES),
    "stein, drawn": (ki.divergences.KernelizedSteinDiscrepancy("imq"), DRAWS * ROWS * FEATURES),
    "total_correlation": (ki.divergences.TotalCorrelation(), BLOCK_ELEMENTS),
}


def largest_tensor(function, *arguments):
    """Returns the number of elements of the largest tensor of the program, before any fusion."""
    compiled = tf.function(function, jit_compile=True)
    program = compiled.experimental_get_compiler_ir(*arguments)(stage="hlo")
    shapes = re.findall(r"\b(?:pred|[suf]\d+)\[([\d,]+)\]", program)
    return max(math.prod(map(int, shape.split(","))) for shape in shapes)


def value_and_gradient(divergence):
    prior = ki.priors.StandardNormal().distribution(LATENT_DIM)
    posterior = ki.posteriors.DiagonalNormal()

    def function(parameters):
        with tf.GradientTape() as tape:
            tape.watch(parameters)
            q = posterior.distribution(parameters)
            value = divergence(q.mean(), prior, q, seed=tf.constant([0, 1]))
        return value, tape.gradient(value, parameters)

    return function


@pytest.mark.parametrize("name", CASES)
def test_no_tensor_has_all_pairs_of_a_batch_of_8192(name):
    divergence, bound = CASES[name]
    parameters = tf.zeros([ROWS, 2 * LATENT_DIM])
    assert ROWS * LATENT_DIM < largest_tensor(value_and_gradient(divergence), parameters) <= bound


def test_the_count_sees_pairs_where_there_are_all():
    kernel = ki.kernels.Gaussian(1.0, (1.0,))
    z = tf.zeros([ROWS, LATENT_DIM])
    assert largest_tensor(lambda z: tf.reduce_sum(kernel.matrix(z, z, [1.0])), z) >= ROWS**2
