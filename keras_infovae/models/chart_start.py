"""How the charts of an autoencoder begin apart."""

import keras
import numpy as np
import tensorflow as tf

from keras_infovae.utils import reductions
from keras_infovae.utils.gradients import apply_gradients

_RATE = 2e-3


def farthest(x, count):
    """Returns `count` of the examples, each the farthest from those before; the first is x[0].

    Args:
        x: NumPy [n, ...].
        count: how many; an example may be there twice where n is less.
    """
    flat = x.reshape(len(x), -1)
    chosen, nearest = [0], np.full(len(x), np.inf)
    while len(chosen) < count:
        squares = np.sum(np.square(flat - flat[chosen[-1]]), axis=1)
        nearest = np.minimum(nearest, squares)
        chosen.append(int(nearest.argmax()))
    return x[chosen]


def take_steps(model, loss, count):
    """Takes `count` steps of Adam along the gradient of `loss()`, before a training.

    Args:
        model: the model, whose trainable weights change; all replicas take the same steps.
        loss: function of nothing to a scalar, the same on every replica.
        count: an integer.
    """
    strategy = model.distribute_strategy
    with strategy.scope():
        optimizer = keras.optimizers.Adam(_RATE)
        optimizer.build(model.trainable_variables)

    def on_replica():
        variables = model.trainable_variables
        with tf.GradientTape() as tape:
            share = loss() / reductions.num_replicas()
        apply_gradients(optimizer, tape.gradient(share, variables), variables)

    step = tf.function(lambda: strategy.run(on_replica), autograph=False)
    for _ in range(count):
        step()
