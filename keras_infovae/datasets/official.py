"""Image sets with an official test split: from this machine where they are, else downloaded."""

import os

import numpy as np

from keras_infovae.datasets.idx import is_mnist_folder, read_mnist_folder
from keras_infovae.datasets.numpy_files import read_numpy_source
from keras_infovae.datasets.raw import RawData
from keras_infovae.datasets.reading import source_error
from keras_infovae.preprocessors.scaling import Scaling

SYSTEM_FOLDERS = {"fashion_mnist": "/usr/share/datasets/fashion-mnist"}  # Debian's


def keras_cache():
    """Returns the folder in which Keras keeps what it has downloaded."""
    home = os.environ.get("KERAS_HOME") or os.path.join(os.path.expanduser("~"), ".keras")
    return os.path.join(home, "datasets")


def read_mnist():
    """Returns the `RawData` of MNIST, uint8 [60000, 28, 28, 1] and [10000, 28, 28, 1]."""
    path = os.path.join(keras_cache(), "mnist.npz")
    if os.path.isfile(path):
        raw = read_numpy_source(path)
        if raw.x_test is None:
            raise source_error(path, "be Keras's mnist.npz, with `x_train` and `x_test`")
        arrays = (raw.x, raw.y), (raw.x_test, raw.y_test)
    else:
        arrays = _download("mnist", f"put Keras's mnist.npz at {path}")
    return _images("mnist", *arrays)


def read_fashion_mnist():
    """Returns the `RawData` of Fashion-MNIST, of the shapes of MNIST."""
    cache = os.path.join(keras_cache(), "fashion-mnist")
    for folder in (cache, SYSTEM_FOLDERS["fashion_mnist"]):
        if is_mnist_folder(folder):
            return read_mnist_folder(folder, "fashion_mnist")
    advice = f"`apt-get install dataset-fashion-mnist`, or put its four .gz files in {cache}"
    return _images("fashion_mnist", *_download("fashion_mnist", advice))


def read_cifar10():
    """Returns the `RawData` of CIFAR-10, uint8 [50000, 32, 32, 3] and [10000, 32, 32, 3].

    Its files are pickles: it is left to Keras to verify their hash and read them.
    """
    advice = f"copy {keras_cache()} from a machine on which Keras has downloaded it"
    return _images("cifar10", *_download("cifar10", advice))


def _images(name, train, test):
    """Returns `RawData` of two pairs (images, labels), with a channel axis."""
    (x, y), (x_test, y_test) = train, test
    if x.ndim == 3:
        x, x_test = x[..., np.newaxis], x_test[..., np.newaxis]
    return RawData(name, x, y, x_test, y_test, scaling=Scaling(0.0, 255.0))


def _download(name, advice):
    """Returns what `keras.datasets` gives from its cache or the network."""
    import keras

    try:
        return getattr(keras.datasets, name).load_data()
    except Exception as error:  # Keras raises a bare Exception when it cannot download
        raise FileNotFoundError(
            f"Argument `source` must be data that is on this machine or can be downloaded. "
            f"Received: source={name!r}, and Keras says: {error}. Without a network: {advice}; or "
            "give the path of a file or folder that has the data."
        ) from error


SOURCES = {"mnist": read_mnist, "fashion_mnist": read_fashion_mnist, "cifar10": read_cifar10}
