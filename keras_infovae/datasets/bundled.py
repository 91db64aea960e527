"""The data sets that come with scikit-learn: on every machine that has it, without a network."""

import numpy as np

from keras_infovae.datasets.raw import RawData
from keras_infovae.datasets.reading import import_optional
from keras_infovae.preprocessors.scaling import Scaling


def read_digits():
    """Returns the `RawData` of 1,797 handwritten digits, values 0 to 16 [1797, 8, 8, 1]."""
    data = _sklearn().load_digits()
    return RawData("digits", data.images[..., np.newaxis], data.target, scaling=Scaling(0.0, 16.0))


def read_breast_cancer():
    """Returns the `RawData` of 30 measurements of 569 tumours, in two classes."""
    return _table("breast_cancer", _sklearn().load_breast_cancer())


def read_wine():
    """Returns the `RawData` of 13 measurements of 178 wines, in three classes."""
    return _table("wine", _sklearn().load_wine())


def _table(name, data):
    names = [str(feature) for feature in data.feature_names]
    return RawData(name, data.data, data.target, feature_names=names)


def _sklearn():
    return import_optional("sklearn.datasets", "scikit-learn", "A bundled data set")


SOURCES = {"digits": read_digits, "breast_cancer": read_breast_cancer, "wine": read_wine}
