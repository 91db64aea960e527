"""A model whose log p(x) and posterior are known.

z ~ N(0, I),  x|z ~ N(W z + b, s^2 I)
=>  x ~ N(b, W W' + s^2 I),  z|x ~ N(C W' (x - b) / s^2, C),  C = (I + W' W / s^2)^-1
"""

import keras
import numpy as np

import keras_infovae as ki


class LinearGaussian:
    """The model and what is exact of it.

    Args:
        latent_dim, values: the sizes of z and x.
        scale: s. Default 0.5.
        norms: of the columns of W, which are orthogonal, so that z|x is a diagonal normal.
            Default 1.
        seed: of W and b.
    """

    def __init__(self, latent_dim, values, scale=0.5, norms=1.0, seed=0):
        rng = np.random.default_rng(seed)
        self.latent_dim, self.values, self.scale = latent_dim, values, scale
        self.w = np.linalg.qr(rng.normal(size=(values, latent_dim)))[0] * norms
        self.b = rng.normal(size=values)
        self.variance = 1.0 / (1.0 + np.sum(self.w**2, axis=0) / scale**2)  # of z|x, diagonal
        self.gain = self.w * self.variance / scale**2

    def sample(self, count, seed=1):
        rng = np.random.default_rng(seed)
        z = rng.normal(size=(count, self.latent_dim))
        x = z @ self.w.T + self.b + self.scale * rng.normal(size=(count, self.values))
        return x.astype("float32")

    def log_likelihood(self, x):
        covariance = self.w @ self.w.T + self.scale**2 * np.eye(self.values)
        offset = x - self.b
        quadratic = np.sum(offset @ np.linalg.inv(covariance) * offset, axis=1)
        return -0.5 * (quadratic + np.linalg.slogdet(2 * np.pi * covariance)[1])

    def model(self, wrong_mean=0.0, wrong_log_variance=0.0, cls=ki.VAE, **settings):
        """Returns the model, with a posterior that is exact but for what is wrong with it."""
        log_variance = np.log(self.variance) + wrong_log_variance
        raw = 14.0 * np.arctanh(log_variance / 14.0)  # undoes the bound on the log-variance
        encoder = _dense(
            np.concatenate([self.gain, np.zeros_like(self.gain)], axis=1),
            np.concatenate([wrong_mean - self.b @ self.gain, raw]),
        )
        settings = {"encoder": encoder, "likelihood": ki.likelihoods.Normal(self.scale)} | settings
        model = cls(self.latent_dim, decoder=_dense(self.w.T, self.b), **settings)
        model.build((None, self.values))
        return model


def _dense(kernel, bias):
    layer = keras.layers.Dense(kernel.shape[1])
    network = keras.Sequential([keras.Input(kernel.shape[:1]), layer])
    layer.set_weights([kernel, bias])
    return network
