"""Data in one form, from wherever it comes: bundled, cached, downloaded or the user's own files."""

from keras_infovae.datasets.dataset import Dataset
from keras_infovae.datasets.loading import load
from keras_infovae.datasets.scaling import Scaling
from keras_infovae.datasets.streaming import Stream, stream
from keras_infovae.datasets.tfrecords import TFRecordFeature, write_tfrecords

__all__ = [
    "Dataset",
    "Scaling",
    "Stream",
    "TFRecordFeature",
    "load",
    "stream",
    "write_tfrecords",
]
