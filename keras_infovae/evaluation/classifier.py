"""A classifier trained on the data, by whose eyes samples are judged."""

import keras
import numpy as np
import tensorflow as tf

from keras_infovae.evaluation.labels import check_labels
from keras_infovae.typing import Labels, Rows, Seed
from keras_infovae.utils.arrays import check_finite
from keras_infovae.utils.checks import argument_error, check_integer
from keras_infovae.utils.pipelines import as_written

_WIDTH = 128  # of the features


class Classifier:
    """A small network that tells the classes of data apart, and the features it does it by.

    Two convolutions of stride 2 (for images), a dense layer of 128 units, whose values are the
    features, and logits; trained by Adam on 90 % of the examples until the other 10 % are told no
    better for 5 epochs.

    Args:
        x: array [n, ...], values of any scale; standardized inside.
        labels: [n], numbers or strings, two classes or more, at least 10 examples in all and 2 of
            each class.
        epochs: at most. Default 50.
        seed: integer. Default 0.

    Attributes:
        classes: the labels, sorted, NumPy.
        accuracy: the share of the 10 % that it tells right, a float.

    Raises:
        ValueError, TypeError: for too few examples, a single class, or x that is not finite.

    Example:

    >>> x = np.repeat([[0.0, 1.0], [1.0, 0.0]], 40, axis=0).astype("float32")
    >>> classifier = Classifier(x, np.repeat(["a", "b"], 40))
    >>> classifier.predict(x[:1]).tolist(), classifier.accuracy
    (['a'], 1.0)
    """

    def __init__(self, x: Rows, labels: Labels, epochs: int = 50, seed: Seed = 0) -> None:
        x = np.asarray(x)
        if x.ndim < 2:
            raise argument_error("x", "an array [n, ...]", x.shape)
        self._event_shape = x.shape[1:]
        x, labels = self._examples(x), check_labels(labels, len(x))
        self.classes, codes, counts = np.unique(labels, return_inverse=True, return_counts=True)
        if len(self.classes) < 2:
            raise argument_error("labels", "of at least two classes", self.classes.tolist())
        if len(x) < 10 or counts.min() < 2:
            raise argument_error("labels", "10 or more, 2 of each class", counts.tolist())
        check_integer("epochs", epochs)
        rng = np.random.default_rng(check_integer("seed", seed, minimum=0))
        order = rng.permutation(len(x))
        held_out, used = np.split(order, [max(1, len(x) // 10)])
        self._features, self._model = _networks(x, len(self.classes), seed)
        batches = tf.data.Dataset.from_tensor_slices((x[used], codes[used]))
        batches = batches.shuffle(len(used), seed=seed).batch(min(128, max(8, len(used) // 20)))
        unseen = tf.data.Dataset.from_tensor_slices((x[held_out], codes[held_out])).batch(128)
        self._model.fit(
            as_written(batches),
            validation_data=as_written(unseen),
            epochs=epochs,
            shuffle=False,  # the dataset does it
            callbacks=[keras.callbacks.EarlyStopping(patience=5, restore_best_weights=True)],
            verbose=0,
        )
        told = np.argmax(self._model.predict(x[held_out], verbose=0), axis=1)
        self.accuracy = float(np.mean(told == codes[held_out]))

    def features(self, x: Rows) -> np.ndarray:
        """Returns the features of examples [n, ...], NumPy float32 [n, 128]."""
        return self._features.predict(self._examples(x), verbose=0)

    def predict(self, x: Rows) -> np.ndarray:
        """Returns the class of each example [n, ...], NumPy [n]."""
        logits = self._model.predict(self._examples(x), verbose=0)
        return self.classes[np.argmax(logits, axis=1)]

    def _examples(self, x):
        """Returns `x` as float32 [n, ...], which must be finite and of the shape it was made for.

        The class of NaN is some class, so that nothing would show.
        """
        x = np.asarray(x)
        if x.shape[1:] != self._event_shape or not x.size:
            sides = ", ".join(map(str, self._event_shape))
            raise argument_error("x", f"an array [n, {sides}] of one example or more", x.shape)
        check_finite("x", x)
        return x.astype("float32", copy=False)


def _networks(x, num_classes, seed):
    """Returns (x -> features, x -> logits) with weights that follow from `seed`."""
    seeds = iter(np.random.SeedSequence(seed).generate_state(4))

    def initializer():
        return keras.initializers.GlorotUniform(seed=int(next(seeds)))

    inputs = keras.Input(x.shape[1:])
    mean, deviation = float(x.mean()), float(x.std()) or 1.0
    values = keras.layers.Rescaling(1.0 / deviation, -mean / deviation)(inputs)
    if x.ndim == 4 and min(x.shape[1:3]) >= 4:
        for filters in (32, 64):
            values = keras.layers.Conv2D(
                filters, 3, 2, "same", activation="relu", kernel_initializer=initializer()
            )(values)
    values = keras.layers.Flatten()(values)
    features = keras.layers.Dense(_WIDTH, "relu", kernel_initializer=initializer())(values)
    logits = keras.layers.Dense(num_classes, kernel_initializer=initializer())(features)
    model = keras.Model(inputs, logits)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return keras.Model(inputs, features), model
