"""One way of TensorFlow to train, in a process of its own: `python ours.py WAY SETTINGS.json`.

fit_array, fit_array_xla, fit_array_plain    `InfoVAE.fit` of a NumPy array; XLA as `fit`
                                             chooses, on and off
fit_data, fit_data_xla, fit_data_plain       of a `tf.data.Dataset` with shuffle and prefetch
bare, bare_xla         a `tf.function` over batches that lie ready, with our loss and networks
keras, keras_xla       the pattern of the examples of Keras: a `keras.Model` with `train_step`
limit_tensorflow       a product of matrices, and a sum of long vectors
"""

import json
import os
import sys

import losses
import turns
from bare_loop import bare_step


def data(settings):
    """Returns the images."""
    import numpy as np

    return np.load(settings["images"])


def our_model(settings, **compiled):
    """Returns a compiled, unbuilt InfoVAE."""
    import keras

    import keras_infovae as ki

    keras.utils.set_random_seed(settings["seed"])
    networks = {
        "mlp": ki.networks.MLP((512, 256)),
        "conv": ki.networks.Conv((32, 64), dense_units=256),
    }
    network = networks[settings["network"]]
    model = ki.InfoVAE(
        settings["latent_dim"],
        alpha=0.0,
        lambda_=settings["lambda"],
        likelihood="bernoulli",
        encoder=network,
        decoder=network,
        seed=settings["seed"],
    )
    model.compile(keras.optimizers.Adam(settings["learning_rate"]), **compiled)
    return model


def losses_of(model, x):
    """Returns what an InfoVAE has come to on `x`."""
    import numpy as np

    q = model.posterior_distribution(x)
    mean, deviation = q.mean().numpy(), q.stddev().numpy()
    return losses.losses(x, mean, 2 * np.log(deviation), lambda z: model.decoder(z).numpy())


def taking_turns(line):
    """Returns a callback of Keras that trains each epoch when its turn comes."""
    import keras

    class TakingTurns(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if not line.next(loss=float(logs["loss"]), xla=bool(self.model.jit_compile)):
                self.model.stop_training = True

    return TakingTurns()


def fit(settings, source, jit):
    """Trains by `InfoVAE.fit`."""
    x = data(settings)
    model = our_model(settings, jit_compile=jit)
    line = turns.Turns(lambda: losses_of(model, x[: settings["examined"]]))
    options = {"batch_size": settings["batch"]}
    if source == "data":
        import tensorflow as tf

        x_data = tf.data.Dataset.from_tensor_slices(x).shuffle(len(x))
        x_data, options = x_data.batch(settings["batch"]).prefetch(2), {}
    model.fit(
        x if source == "array" else x_data,
        epochs=settings["epochs"],
        verbose=0,
        callbacks=[taking_turns(line)],
        **options,
    )


def bare(settings, jit):
    """Trains by a loop around one `tf.function`."""
    import tensorflow as tf

    x, size = data(settings), settings["batch"]
    model = our_model(settings, jit_compile=jit)
    model.build(x.shape)
    step = bare_step(model, jit)
    line = turns.Turns(lambda: losses_of(model, x[: settings["examined"]]))
    batches = [tf.constant(x[i : i + size]) for i in range(0, len(x), size)]

    epoch, goes_on = 0, True
    while goes_on:
        for i, batch in enumerate(batches):
            loss = step(batch, tf.constant([epoch, i]))
        epoch, goes_on = epoch + 1, line.next(loss=float(loss))


def keras_example(settings, jit):
    """Trains a model that is written as the examples of Keras are."""
    import keras_example
    import numpy as np

    x = data(settings)
    model = keras_example.make(settings)

    def come_to():
        mean, log_variance = model.encoder(x[: settings["examined"]])
        decode = lambda z: model.decoder(z).numpy()  # noqa: E731
        part = x[: settings["examined"]]
        return losses.losses(part, np.asarray(mean), np.asarray(log_variance), decode)

    model.compile(keras_example.optimizer(settings), jit_compile=jit)
    model.fit(
        x,
        batch_size=settings["batch"],
        epochs=settings["epochs"],
        verbose=0,
        callbacks=[taking_turns(turns.Turns(come_to))],
    )


def limit(settings):
    """Measures what the machine can do, as TensorFlow gets it."""
    import tensorflow as tf

    side, length = settings["side"], settings["length"]
    a, b = tf.random.normal([side, side]), tf.random.normal([side, side])
    v, w = tf.Variable(tf.zeros([length])), tf.random.normal([length])
    line, goes_on = turns.Turns(dict), True
    product = tf.function(lambda: (a @ b)[0, 0])

    @tf.function
    def add():
        v.assign_add(w)  # in place: new memory would have to be made first
        return v[0]

    while goes_on:
        goes_on = line.next(
            operations=2 * side**3 / turns.least_seconds(lambda: product().numpy()),
            bytes=12 * length / turns.least_seconds(lambda: add().numpy()),
        )


WAYS = {
    "fit_array": lambda s: fit(s, "array", "auto"),
    "fit_array_xla": lambda s: fit(s, "array", True),
    "fit_array_plain": lambda s: fit(s, "array", False),
    "fit_data": lambda s: fit(s, "data", "auto"),
    "fit_data_xla": lambda s: fit(s, "data", True),
    "fit_data_plain": lambda s: fit(s, "data", False),
    "bare": lambda s: bare(s, False),
    "bare_xla": lambda s: bare(s, True),
    "keras": lambda s: keras_example(s, "auto"),
    "keras_xla": lambda s: keras_example(s, True),
    "limit_tensorflow": limit,
}

if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with open(sys.argv[2], encoding="utf-8") as file:
        WAYS[sys.argv[1]](json.load(file))
