"""An InfoVAE as the examples of Keras write a VAE: a `keras.Model` with a `train_step` of its own.

Networks, optimizer and objective are those of the other ways; the divergence is the maximum mean
discrepancy between the batch's draws of z and as many of the prior.
"""

import keras
import losses
import tensorflow as tf
from keras import layers, ops


class Sampling(layers.Layer):
    """Draws z."""

    def __init__(self, **options):
        super().__init__(**options)
        self.seed_generator = keras.random.SeedGenerator(1337)

    def call(self, inputs):
        mean, log_variance = inputs
        noise = keras.random.normal(ops.shape(mean), seed=self.seed_generator)
        return mean + ops.exp(0.5 * log_variance) * noise


def kernel(a, b):
    """Returns the mean of the inverse multiquadratic kernels of a [n, d] and b [m, d]."""
    squares = ops.sum(a**2, 1)[:, None] + ops.sum(b**2, 1) - 2.0 * a @ ops.transpose(b)
    widths = [2.0 * a.shape[1] * scale for scale in losses.SCALES]
    return sum(width / (width + squares) for width in widths) / len(widths)


class InfoVAE(keras.Model):
    """The model, with trackers as in the examples."""

    def __init__(self, encoder, decoder, weight, **options):
        super().__init__(**options)
        self.encoder, self.decoder, self.weight = encoder, decoder, weight
        self.sampling = Sampling()
        names = ("loss", "reconstruction_loss", "kl_loss", "mmd_loss")
        self.trackers = [keras.metrics.Mean(name=name) for name in names]

    @property
    def metrics(self):
        return self.trackers

    def train_step(self, x):
        with tf.GradientTape() as tape:
            mean, log_variance = self.encoder(x)
            z = self.sampling((mean, log_variance))
            logits = self.decoder(z)
            errors = tf.nn.sigmoid_cross_entropy_with_logits(labels=x, logits=logits)
            reconstruction = ops.mean(ops.sum(errors, axis=(1, 2, 3)))
            kl = 0.5 * (mean**2 + ops.exp(log_variance) - 1.0 - log_variance)
            kl = ops.mean(ops.sum(kl, axis=1))
            prior = keras.random.normal(ops.shape(z), seed=self.sampling.seed_generator)
            n = ops.cast(ops.shape(z)[0], "float32")
            own = ops.sum(kernel(z, z)) + ops.sum(kernel(prior, prior)) - 2.0 * n
            mmd = own / (n * (n - 1.0)) - 2.0 * ops.mean(kernel(z, prior))
            loss = reconstruction + kl + self.weight * mmd
        gradients = tape.gradient(loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_weights, strict=True))
        for tracker, value in zip(self.trackers, (loss, reconstruction, kl, mmd), strict=True):
            tracker.update_state(value)
        return {tracker.name: tracker.result() for tracker in self.trackers}


def optimizer(settings):
    """Returns Adam."""
    return keras.optimizers.Adam(settings["learning_rate"])


def make(settings):
    """Returns the model, for images [28, 28, 1]."""
    keras.utils.set_random_seed(settings["seed"])
    latent_dim = settings["latent_dim"]
    x, z = keras.Input((28, 28, 1)), keras.Input((latent_dim,))
    halving = {"kernel_size": 4, "strides": 2, "padding": "same"}
    if settings["network"] == "mlp":
        hidden = layers.Flatten()(x)
        for units in (512, 256):
            hidden = layers.Dense(units, "relu")(hidden)
        image = z
        for units in (256, 512):
            image = layers.Dense(units, "relu")(image)
        logits = layers.Reshape((28, 28, 1))(layers.Dense(784)(image))
    else:
        hidden = layers.Conv2D(32, activation="relu", **halving)(x)
        hidden = layers.Flatten()(layers.Conv2D(64, activation="relu", **halving)(hidden))
        hidden = layers.Dense(256, "relu")(hidden)
        image = layers.Dense(7 * 7 * 64, "relu")(layers.Dense(256, "relu")(z))
        image = layers.Reshape((7, 7, 64))(image)
        image = layers.Conv2DTranspose(32, activation="relu", **halving)(image)
        logits = layers.Conv2DTranspose(1, **halving)(image)
    encoder = keras.Model(x, [layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)])
    return InfoVAE(encoder, keras.Model(z, logits), settings["lambda"] - 1.0)
