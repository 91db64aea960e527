"""A small generative adversarial network, as the baseline of the topology study."""

import types

import keras
import numpy as np
import tensorflow as tf

_NOISE, _UNITS, _PENALTY = 8, 128, 0.1


class GAN:
    """Vectors from normal noise, against a critic: the non-saturating loss, with R1 penalty.

    What `manifold_report` asks of a model is there: `generate`, and what it can do.

    Args:
        size: values of one x.
        seed: an integer.

    References:
        Goodfellow et al., Generative Adversarial Nets, arXiv:1406.2661, section 3.
        Mescheder, Geiger, Nowozin, arXiv:1801.04406, equation 9 (the penalty).
    """

    name = "gan"
    capabilities = ("generate",)
    condition = types.SimpleNamespace(size=0)

    def __init__(self, size, seed):
        self._generator, self._critic = _mlp(_NOISE, size), _mlp(size, 1)
        self._seed = seed

    def fit(self, x, steps, batch_size=128, rate=1e-3):
        """Takes so many steps of critic and generator, with a rate that falls to 0."""
        decay = keras.optimizers.schedules.CosineDecay(rate, steps)
        optimizers = [keras.optimizers.Adam(decay, beta_1=0.5) for _ in range(2)]
        players = [self._critic.trainable_variables, self._generator.trainable_variables]
        for optimizer, variables in zip(optimizers, players, strict=True):
            optimizer.build(variables)
        x = tf.constant(x)

        @tf.function
        def step(seed):
            real = tf.gather(
                x, tf.random.stateless_uniform([batch_size], seed, 0, len(x), tf.int32)
            )
            noise = tf.random.stateless_normal([batch_size, _NOISE], seed + 1)
            with tf.GradientTape() as outer:
                with tf.GradientTape() as inner:
                    inner.watch(real)
                    judged = self._critic(real)
                slope = inner.gradient(judged, real)
                loss = tf.reduce_mean(tf.nn.softplus(-judged))
                loss += tf.reduce_mean(tf.nn.softplus(self._critic(self._generator(noise))))
                loss += 0.5 * _PENALTY * tf.reduce_mean(tf.reduce_sum(tf.square(slope), axis=1))
            optimizers[0].apply(outer.gradient(loss, players[0]), players[0])
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.nn.softplus(-self._critic(self._generator(noise))))
            optimizers[1].apply(tape.gradient(loss, players[1]), players[1])

        for i in range(steps):
            step(tf.constant([self._seed, 2 * i]))

    def generate(self, n, seed, batch_size):
        """Returns `n` samples, NumPy float32."""
        noise = np.random.default_rng(seed).normal(size=(n, _NOISE)).astype("float32")
        return self._generator.predict(noise, batch_size=batch_size, verbose=0)


def _mlp(given, size):
    layers = [keras.layers.Dense(_UNITS, activation="silu") for _ in range(2)]
    return keras.Sequential([keras.Input((given,)), *layers, keras.layers.Dense(size)])
