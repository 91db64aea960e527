"""InfoVAE with an encoder and a decoder of your own, fed by a `tf.data` pipeline.

    python examples/custom_networks.py
    python examples/custom_networks.py --divergence_weight=0

The encoder is any Keras model from x to the numbers that the posterior needs, here the mean and the
log-variance of each dimension of z; the decoder is any Keras model from z to the numbers that the
likelihood needs, here the mean of each pixel. Neither has an output activation. The likelihood is
normal, with a scale that is learned. Takes about 20 seconds.
"""

import os
import sys

import keras
import tensorflow as tf
from absl import app, flags

import keras_infovae as ki
from keras_infovae import datasets

FLAGS = flags.FLAGS
flags.DEFINE_integer("epochs", 60, "Passes over the data.", lower_bound=1)
flags.DEFINE_integer("latent_dim", 8, "Dimensions of z.", lower_bound=1)
flags.DEFINE_integer("seed", 0, "Same seed, same machine: same numbers.", lower_bound=0)
flags.DEFINE_float("divergence_weight", 100.0, "Weight of D(q(z), p(z)).", lower_bound=0.0)
flags.DEFINE_string("output", "runs/custom_networks", "Where model and pictures go.")
flags.DEFINE_bool("overwrite", False, "Use --output although it is there already.")


def make_encoder(event_shape, output_size):
    """Returns a Keras model from x to [n, output_size]: convolutions with a residual connection."""
    x = keras.Input(event_shape)
    hidden = keras.layers.Conv2D(32, 3, strides=2, padding="same", activation="gelu")(x)
    residual = keras.layers.Conv2D(32, 3, padding="same", activation="gelu")(hidden)
    hidden = keras.layers.Flatten()(hidden + residual)
    hidden = keras.layers.LayerNormalization()(hidden)
    return keras.Model(x, keras.layers.Dense(output_size)(hidden), name="my_encoder")


def make_decoder(latent_dim, event_shape):
    """Returns a Keras model from z to [n, *event_shape]: it doubles the sides of a small image."""
    height, width, channels = event_shape
    z = keras.Input((latent_dim,))
    hidden = keras.layers.Dense(height // 2 * (width // 2) * 32, activation="gelu")(z)
    hidden = keras.layers.Reshape((height // 2, width // 2, 32))(hidden)
    hidden = keras.layers.UpSampling2D(2)(hidden)
    hidden = keras.layers.Conv2D(32, 3, padding="same", activation="gelu")(hidden)
    return keras.Model(z, keras.layers.Conv2D(channels, 3, padding="same")(hidden), name="mine")


def make_pipeline(x, seed):
    """Returns batches of x, reshuffled each epoch, with noise that makes gray levels continuous.

    A batch is x, or (x,), never (x, label): with labels, add `.map(lambda x, label: x)`.
    """

    def dequantize(image, noise_seed):
        return image + tf.random.stateless_uniform(image.shape, noise_seed, -0.5, 0.5) / 16.0

    images = tf.data.Dataset.from_tensor_slices(x).shuffle(len(x), seed=seed)
    images = tf.data.Dataset.zip(images, tf.data.Dataset.random(seed=seed).batch(2))
    images = images.map(dequantize, num_parallel_calls=tf.data.AUTOTUNE)
    return images.batch(64, drop_remainder=True).prefetch(tf.data.AUTOTUNE)


def main(arguments):
    if len(arguments) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(arguments[1:])}. See --help.")
    if os.path.exists(FLAGS.output) and not FLAGS.overwrite:
        sys.exit(f"{FLAGS.output} exists already. Choose another --output, or add --overwrite.")
    os.makedirs(FLAGS.output, exist_ok=True)  # before the training
    keras.utils.set_random_seed(FLAGS.seed)
    data = datasets.load("digits", seed=FLAGS.seed)

    posterior = ki.posteriors.DiagonalNormal()
    model = ki.InfoVAE(
        FLAGS.latent_dim,
        lambda_=1.0 + FLAGS.divergence_weight,  # with alpha = 0, the weight is lambda_ - 1
        posterior=posterior,
        likelihood="normal",
        encoder=make_encoder(data.event_shape, posterior.parameter_size(FLAGS.latent_dim)),
        decoder=make_decoder(FLAGS.latent_dim, data.event_shape),
        seed=FLAGS.seed,
        scaling=data.scaling,
    )
    model.compile(keras.optimizers.Adam(3e-3, clipnorm=10.0))
    history = model.fit(
        make_pipeline(data.train, FLAGS.seed),
        validation_data=(data.validation,),
        epochs=FLAGS.epochs,
        callbacks=[keras.callbacks.EarlyStopping(patience=20, restore_best_weights=True)],
    )
    path = os.path.join(FLAGS.output, "model.keras")
    model.save(path)
    ki.evaluation.plot_all(model, data, history.history, FLAGS.output, seed=FLAGS.seed)

    # A saved model needs none of the functions above to be loaded.
    restored = keras.saving.load_model(path)
    print()
    print(ki.evaluation.describe(ki.evaluation.summarize(restored, data.test)))
    print(f"\nThe model and its pictures are in {FLAGS.output}; look first at samples.png.")


if __name__ == "__main__":
    app.run(main)
