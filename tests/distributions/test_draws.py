"""Draws of whole batches: those of normals by Philox, all others as TFP draws them."""

import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.distributions import draw
from keras_infovae.utils import probability as tfp

MEAN, DEVIATION = tf.constant([[1.0, -2.0, 0.0]] * 2), tf.constant([[0.5, 1.0, 3.0]] * 2)
NORMALS = [
    tfp.distributions.Independent(tfp.distributions.Normal(MEAN, DEVIATION), 1),
    tfp.distributions.MultivariateNormalDiag(MEAN, DEVIATION),
]


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("normal", NORMALS, ids=lambda normal: type(normal).__name__)
def test_normals_have_their_moments(normal, compiled):
    function = tf.function(lambda seed: draw(normal, [20_000], seed), jit_compile=compiled)
    draws = function(tf.constant([0, 3])).numpy()
    assert draws.shape == (20_000, 2, 3)
    # 4.5 standard errors for the largest of six
    shift = (draws.mean(axis=0) - MEAN) / DEVIATION
    np.testing.assert_allclose(shift, 0.0, atol=4.5 / np.sqrt(20_000))
    ratio = draws.std(axis=0) / DEVIATION
    np.testing.assert_allclose(ratio, 1.0, atol=4.5 / np.sqrt(40_000))
    np.testing.assert_array_equal(draws, function(tf.constant([0, 3])))
    assert not np.allclose(draws, function(tf.constant([0, 4])))


def test_gradients_flow_to_mean_and_deviation():
    mean, deviation = tf.constant([1.0, 2.0]), tf.constant([0.5, 3.0])
    with tf.GradientTape() as tape:
        tape.watch([mean, deviation])
        draws = draw(tfp.distributions.MultivariateNormalDiag(mean, deviation), (), 0)
    by_mean, by_deviation = tape.gradient(draws, [mean, deviation])
    np.testing.assert_allclose(by_mean, [1.0, 1.0])
    np.testing.assert_allclose(by_deviation, (draws - mean) / deviation, rtol=1e-6)


def test_a_number_of_rows_that_is_known_late_keeps_the_rest_of_the_shape():
    @tf.function(input_signature=[tf.TensorSpec([], tf.int32)])
    def rows(count):
        draws = draw(ki.priors.StandardNormal().distribution(4), count, 0)
        assert draws.shape.as_list() == [None, 4]
        return draws

    assert rows(tf.constant(7)).shape == [7, 4]


def test_others_are_drawn_by_their_own_sample():
    for other in (
        tfp.distributions.VectorDeterministic(MEAN),
        tfp.distributions.Independent(tfp.distributions.Laplace(MEAN, DEVIATION), 1),
    ):
        np.testing.assert_array_equal(draw(other, 4, 7), other.sample(4, seed=[0, 7]))
