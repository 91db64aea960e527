"""Where a gradient is not going to be taken, none is computed, and values are the same."""

import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.divergences.branches import branch
from keras_infovae.divergences.functional.blockwise import pairwise_sum
from keras_infovae.utils.values_only import gradients_left_out, values_only

X = np.random.default_rng(0).random((9, 4)).astype("float32")


def sum_of_pairs(x):
    return pairwise_sum(lambda a, b: tf.square(a[0] - b[0][:, 0]), [x], [x + 1.0])


def either(x):
    few = tf.shape(x)[0] < 5
    return branch(few, lambda x: tf.reduce_sum(x**2), lambda x: tf.reduce_sum(x**3), [x])


@pytest.mark.parametrize("function", [sum_of_pairs, either])
def test_the_value_is_the_same_and_has_its_gradient_still(function):
    def compute(x, alone):
        with tf.GradientTape() as tape, values_only(alone):
            tape.watch(x)
            value = function(x)
        return value, tape.gradient(value, x)

    @tf.function(input_signature=[tf.TensorSpec([None, 1])])
    def both(x):
        return compute(x, True), compute(x, False)

    for count in (4, 9):
        found, expected = both(tf.random.stateless_normal([count, 1], seed=[0, 0]))
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5)


@pytest.mark.parametrize(("lambda_", "training"), [(1.0, True), (5.0, False)])
def test_evaluations_and_terms_that_are_not_in_the_loss_have_none(lambda_, training):
    class Recording(ki.divergences.MomentMatching):
        def __call__(self, *arguments, **options):
            seen.append(gradients_left_out())
            return super().__call__(*arguments, **options)

    seen, network = [], ki.networks.MLP([4])
    model = ki.InfoVAE(
        2, alpha=0.0, lambda_=lambda_, divergence=Recording(), encoder=network, decoder=network
    )
    model.compile(run_eagerly=True)
    model.fit(X, batch_size=9, verbose=0)
    assert seen == [training]
    model.evaluate(X, batch_size=9, verbose=0)
    assert seen == [training, True]


def test_a_context_ends_as_it_began():
    with values_only(False):
        assert not gradients_left_out()
    with pytest.raises(ZeroDivisionError), values_only():
        with values_only(False):
            assert gradients_left_out()
        assert gradients_left_out()
        raise ZeroDivisionError
    assert not gradients_left_out()
