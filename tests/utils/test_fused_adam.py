"""Adam in one operation takes the steps of Keras's."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_infovae.utils.fused_adam import fused_updates
from keras_infovae.utils.gradients import apply_gradients

SHAPES = ([3, 4], [5])


def weights_after(optimizer, apply, steps=4):
    """Returns the weights, and what the optimizer holds, after a few steps."""
    random = np.random.default_rng(0)
    variables = [keras.Variable(random.normal(size=shape).astype("float32")) for shape in SHAPES]
    optimizer.build(variables)
    for _ in range(steps):
        gradients = [tf.constant(random.normal(size=shape), tf.float32) for shape in SHAPES]
        apply(optimizer, gradients, variables)
    return [v.numpy() for v in (*variables, *optimizer.variables)]


def graph_of(jit_compile):
    def apply(optimizer, gradients, variables):
        step = tf.function(
            lambda *g: apply_gradients(optimizer, list(g), variables), jit_compile=jit_compile
        )
        step(*gradients)

    return apply


ADAMS = {
    "plain": lambda: keras.optimizers.Adam(0.1, epsilon=1e-3, beta_1=0.8),
    "decay": lambda: keras.optimizers.AdamW(0.1, weight_decay=0.3),
    "averaged": lambda: keras.optimizers.Adam(0.1, use_ema=True, ema_overwrite_frequency=2),
    "accumulated": lambda: keras.optimizers.Adam(0.1, gradient_accumulation_steps=2),
    "clipped": lambda: keras.optimizers.Adam(0.1, clipnorm=0.5),
    "schedule": lambda: keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.1, 10)),
    "amsgrad": lambda: keras.optimizers.Adam(0.1, amsgrad=True),
    "another": lambda: keras.optimizers.Nadam(0.1),
    "scaled": lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.1)),
}


@pytest.mark.parametrize("make", ADAMS.values(), ids=ADAMS)
def test_weights_and_state_are_those_of_keras(make):
    expected = weights_after(make(), lambda optimizer, g, v: optimizer.apply(g, v))
    for found, right in zip(weights_after(make(), apply_gradients), expected, strict=True):
        np.testing.assert_allclose(found, right, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_graphs_take_the_same_steps(jit_compile):
    expected = weights_after(ADAMS["plain"](), lambda optimizer, g, v: optimizer.apply(g, v))
    found = weights_after(ADAMS["plain"](), graph_of(jit_compile))
    for one, right in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, right, rtol=1e-5, atol=1e-6)


def test_a_step_is_one_operation_for_each_weight_and_the_optimizer_stays_what_it_is():
    variables = [keras.Variable(tf.zeros(shape)) for shape in SHAPES]
    optimizer = keras.optimizers.Adam()
    optimizer.build(variables)
    before = dict(vars(optimizer))
    step = tf.function(
        lambda: apply_gradients(optimizer, [v.value + 1 for v in variables], variables)
    )
    kinds = [op.type for op in step.get_concrete_function().graph.get_operations()]
    assert kinds.count("ResourceApplyAdam") == 2 and "Sqrt" not in kinds
    assert vars(optimizer).keys() == before.keys()


def test_gradients_of_few_rows_and_replicas_are_left_to_keras():
    optimizer = keras.optimizers.Adam(0.1)
    variable = keras.Variable(tf.zeros([3, 2]))
    optimizer.build([variable])
    rows = tf.IndexedSlices(tf.ones([1, 2]), tf.constant([1]), tf.constant([3, 2]))
    with fused_updates(optimizer):
        optimizer.update_step(rows, variable.value, 0.1)
    np.testing.assert_allclose(variable.numpy()[[0, 2]], 0.0)
    assert (variable.numpy()[1] < 0).all()
    with tf.distribute.OneDeviceStrategy("CPU:0").scope(), fused_updates(optimizer):
        assert "update_step" not in vars(optimizer)
