"""Kinds of model that are no autoencoder, as small as they can be, for the contract suites."""

import math

import keras
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.models.capabilities import NAMES
from keras_infovae.utils import reductions
from keras_infovae.utils.row_random import fold_in, normal, row_seeds
from tests.contracts import OWN_TRAINING

_LOG_2_PI = math.log(2.0 * math.pi)


@keras.saving.register_keras_serializable("tests")
class ColumnNormals(ki.GenerativeModel):
    """Independent normals, fitted by the moments of each batch: no latents, no optimizer."""

    term_names = ("negative_log_likelihood",)
    trains_by_gradients = False

    def __init__(self, *, condition=None, seed=None, scaling=None):
        super().__init__(condition=condition, seed=seed, scaling=scaling)

    def build_parts(self, event_shape):
        self.mean = self.add_weight(name="mean", shape=event_shape, trainable=False)
        self.deviation = self.add_weight(
            name="deviation", shape=event_shape, initializer="ones", trainable=False
        )

    def batch_loss(self, x, condition, seed, training=False):
        share = -reductions.share_of_global_mean(self.log_prob_rows(x))
        return ki.BatchLoss(share, {"negative_log_likelihood": share})

    def update(self, x, condition, seed):
        result = self.batch_loss(x, condition, seed)
        mean, variance = tf.nn.moments(reductions.gather(x), [0])
        self.mean.assign(mean)
        self.deviation.assign(tf.sqrt(variance + 1e-4))
        return result

    def log_prob_rows(self, x, condition=None):
        offset = (tf.cast(x, tf.float32) - self.mean) / self.deviation
        rows = -0.5 * (tf.square(offset) + _LOG_2_PI) - tf.math.log(self.deviation)
        return tf.reduce_sum(rows, axis=list(range(1, len(x.shape))))

    def generate_rows(self, seed, condition=None, sample=None):
        noise = normal(fold_in(row_seeds(seed), 0), self.event_shape)
        return self.mean + self.deviation * noise


@keras.saving.register_keras_serializable("tests")
class PrincipalComponents(ki.GenerativeModel):
    """Probabilistic principal components by exact EM, a step per batch: latents, no optimizer.

    p(x|z) = N(W z + m, s I), p(z) = N(0, I).

    References:
        Tipping and Bishop, Probabilistic Principal Component Analysis, 1999, equations 25 to 28.
    """

    term_names = ("negative_log_likelihood",)
    trains_by_gradients = False
    latent_support = "euclidean"

    def __init__(self, latent_dim, *, condition=None, seed=None, scaling=None):
        super().__init__(condition=condition, seed=seed, scaling=scaling)
        self.latent_dim = latent_dim

    def build_parts(self, event_shape):
        (size,) = event_shape
        self.loadings = self.add_weight(
            name="loadings",
            shape=(size, self.latent_dim),
            initializer=keras.initializers.RandomNormal(seed=0),
            trainable=False,
        )
        self.mean = self.add_weight(name="mean", shape=(size,), trainable=False)
        self.variance = self.add_weight(
            name="variance", shape=(), initializer="ones", trainable=False
        )

    def batch_loss(self, x, condition, seed, training=False):
        share = -reductions.share_of_global_mean(self.log_prob_rows(x))
        return ki.BatchLoss(share, {"negative_log_likelihood": share})

    def update(self, x, condition, seed):
        result = self.batch_loss(x, condition, seed)
        x = reductions.gather(x)
        self.mean.assign(tf.reduce_mean(x, axis=0))
        z, covariance = self._posterior(x)
        second = tf.cast(tf.shape(x)[0], tf.float32) * covariance + tf.matmul(z, z, True)
        offset = x - self.mean
        loadings = tf.transpose(tf.linalg.solve(second, tf.matmul(z, offset, True)))
        residual = tf.reduce_sum(tf.square(offset)) - tf.reduce_sum(
            loadings * tf.matmul(offset, z, True)
        )
        self.variance.assign(residual / tf.cast(tf.size(x), tf.float32) + 1e-4)
        self.loadings.assign(loadings)
        return result

    def _posterior(self, x):
        eye = tf.eye(self.latent_dim)
        precision = tf.matmul(self.loadings, self.loadings, True) + self.variance * eye
        offset = tf.cast(x, tf.float32) - self.mean
        z = tf.transpose(tf.linalg.solve(precision, tf.matmul(self.loadings, offset, True, True)))
        return z, self.variance * tf.linalg.inv(precision)

    def log_prob_rows(self, x, condition=None):
        size = self.loadings.shape[0]
        covariance = tf.matmul(self.loadings, self.loadings, False, True)
        factor = tf.linalg.cholesky(covariance + self.variance * tf.eye(size))
        offset = tf.transpose(tf.cast(x, tf.float32) - self.mean)
        scaled = tf.linalg.triangular_solve(factor, offset)
        log_det = tf.reduce_sum(tf.math.log(tf.linalg.diag_part(factor)))
        return -0.5 * tf.reduce_sum(tf.square(scaled), axis=0) - log_det - 0.5 * size * _LOG_2_PI

    def encode_rows(self, x, seed=None, condition=None):
        z, covariance = self._posterior(x)
        if seed is None:
            return z
        noise = normal(fold_in(row_seeds(seed), 0), [self.latent_dim])
        return z + tf.matmul(noise, tf.linalg.cholesky(covariance), False, True)

    def decode_rows(self, z, condition=None):
        return tf.matmul(z, self.loadings, False, True) + self.mean

    def reconstruct_rows(self, x, condition=None):
        return self.decode_rows(self.encode_rows(x))

    def generate_rows(self, seed, condition=None, sample=None):
        return self.decode_rows(normal(fold_in(row_seeds(seed), 0), [self.latent_dim]))


def langevin():
    """Returns a decoder alone, whose codes are found by short chains."""
    settings = {"steps": 5, "step_size": 0.2, "temperature": 1.0}
    return ki.ShortRunModel(
        2, likelihood="normal", decoder=ki.networks.MLP([8]), seed=1, **settings
    )


def points():
    """Returns a model whose codes are points, without a density."""
    network = ki.networks.MLP([8])
    return ki.WassersteinAutoencoder(2, encoder=network, decoder=network, seed=1)


def diffusion():
    """Returns a denoising diffusion of few steps."""
    return ki.DenoisingDiffusion(ki.denoisers.ResidualMLP(16, 1), steps=8, seed=1)


def exact_em():
    """Returns a generator with the exact p(z|x), trained by all examples at once."""
    (model_class, arguments), *_ = OWN_TRAINING
    return model_class(**arguments, seed=1)


LOG_PROB = {"log_prob", "log_prob_in_graph"}
LATENTS = {"reconstruct", "encode", "decode", "generate", "score", "prior", "likelihood", "joint"}

# The model, and what it can do.
KINDS = {
    "langevin": (langevin, LATENTS | {"log_prob"}),
    "points": (points, LATENTS | {"log_prob"}),
    "em": (
        lambda: PrincipalComponents(2, seed=1),
        {"reconstruct", "encode", "decode", "generate", *LOG_PROB, "score"},
    ),
    "no latents": (lambda: ColumnNormals(seed=1), {"generate", *LOG_PROB, "score"}),
    "diffusion": (diffusion, {"generate", "elbo", "score"}),
}

# One that has all there is, and no encoder, no gradient and no batches.
WHOLE = {"exact em": (exact_em, {*NAMES})}
