"""Real data for studies of defaults, and a training as `keras-infovae train` ends it.

Sets come from scikit-learn, from a file of MNIST (`--mnist`), and from the .npz files that
convert_sets.py makes (`--sets_folder`). Numbers are standardized by the training rows; images are
flat, with values in [0, 1].
"""

import dataclasses
import math
import pathlib
import warnings

import keras
import numpy as np
from absl import flags

import keras_infovae as ki

FLAGS = flags.FLAGS
flags.DEFINE_list("sets", None, "The sets to study. Default: all that can be had.")
flags.DEFINE_string("sets_folder", None, "The folder of the .npz files of convert_sets.py.")
flags.DEFINE_string("mnist", None, "A name or path of MNIST for datasets.load.")

BATCH_SIZE = 64
MOST_TEST = 2000  # rows
SKLEARN = {"wine": 4, "breast_cancer": 8, "digits": 8}  # dimensions of z
FILES = {
    "glass": 4,
    "sonar": 8,
    "vehicle": 8,
    "satellite": 8,
    "letterrecognition": 8,
    "cells": 10,
}
IMAGES = {"mnist_500": 500, "mnist_2000": 2000, "mnist_7000": 7000}  # rows to train on


@dataclasses.dataclass
class Parts:
    """A set in three parts: x and y of each are [n, size] and [n].

    Attributes:
        train, validation, test: x.
        train_labels, test_labels: y of two of them.
        likelihood: what suits x.
        latent_dim: of the model.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    train_labels: np.ndarray
    test_labels: np.ndarray
    likelihood: object
    latent_dim: int


def names():
    """Returns the names of the sets to study, small ones first."""
    known = [*SKLEARN]
    known += [] if FLAGS.sets_folder is None else [*FILES]
    known += [] if FLAGS.mnist is None else [*IMAGES]
    unknown = set(FLAGS.sets or ()) - set(known)
    if unknown:
        raise ValueError(f"Flag --sets must be of {known}. Received: {sorted(unknown)}")
    return FLAGS.sets or known


def parts(name, seed):
    """Returns the `Parts` of a set: 70, 15 and 15 percent, or as many images as its name says."""
    x, y = _rows(name)
    order = np.random.default_rng(seed).permutation(len(x))
    train, validation = (round(share * len(x)) for share in (0.7, 0.15))
    if name in IMAGES:
        train, validation = IMAGES[name], max(IMAGES[name] // 5, 100)
    ends = np.cumsum([train, validation])
    of_train, of_validation, of_test = np.split(order, ends)
    of_test = of_test[:MOST_TEST]
    likelihood, latent_dim = "normal", SKLEARN.get(name) or FILES.get(name)
    if name in IMAGES:
        likelihood, latent_dim = "bernoulli", 10
    elif name == "cells":
        likelihood = ki.likelihoods.NegativeBinomial(library_size="observed")
    else:
        scale = x[of_train].std(axis=0)
        x = (x - x[of_train].mean(axis=0)) / np.where(scale > 0, scale, 1)
    x = x.astype("float32")
    rows = (x[of_train], x[of_validation], x[of_test], y[of_train], y[of_test])
    return Parts(*rows, likelihood, latent_dim)


def _rows(name):
    if name in IMAGES:
        data = ki.datasets.load(FLAGS.mnist, validation_fraction=0.0, test_fraction=0.0)
        return data.train.reshape(len(data.train), -1), np.asarray(data.train_labels)
    if name in FILES:
        file = np.load(pathlib.Path(FLAGS.sets_folder) / f"{name}.npz")
        return file["x"], file["y"]
    from sklearn import datasets

    return getattr(datasets, f"load_{name}")(return_X_y=True)


def train(model, data):
    """Trains until the validation loss falls no more; returns (best epoch, epochs trained).

    The most epochs and the patience are the defaults of `keras-infovae train`; but the validation
    loss is looked at 50 times within the patience, where that is hundreds of epochs.
    """
    steps = math.ceil(len(data.train) / BATCH_SIZE)
    patience = ki.training.default_patience(steps)
    every = max(1, patience // 50)
    stopping = keras.callbacks.EarlyStopping(patience=patience // every, restore_best_weights=True)
    model.compile("adam", jit_compile=False)  # XLA would compile for longer than most trainings
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Early stopping conditioned on metric")
        history = model.fit(
            data.train,
            epochs=ki.training.default_epochs(steps),
            batch_size=BATCH_SIZE,
            validation_data=data.validation,
            validation_freq=every,
            callbacks=[stopping],
            verbose=0,
        )
    return stopping.best_epoch + 1, len(history.epoch)


def elbo(model, x):
    """Returns the mean ELBO of x in nats, over 16 draws of z."""
    return -float(np.mean(model.score(x, ki.anomaly_scores.NegativeElbo(num_samples=16))))
