"""Data in one form, from wherever it comes: bundled, downloaded, drawn or the user's own files."""

from keras_infovae.datasets.dataset import Dataset
from keras_infovae.datasets.factor_images import FactorImages
from keras_infovae.datasets.factor_sets import factor_images
from keras_infovae.datasets.gaussian_blobs import blobs
from keras_infovae.datasets.grammar import Grammar, Sentences, grammar
from keras_infovae.datasets.loading import load
from keras_infovae.datasets.manifolds import (
    Manifold,
    circle,
    periodic_blob,
    rotated_arrow,
    sphere,
    torus,
    turned_arrow,
)
from keras_infovae.datasets.reading import DataWarning
from keras_infovae.datasets.sprites import dsprites_like
from keras_infovae.datasets.streaming import Stream, stream
from keras_infovae.datasets.tables import is_table_path, read_frame
from keras_infovae.datasets.texts import is_text_path, read_texts
from keras_infovae.datasets.tfrecords import TFRecordFeature, write_tfrecords

__all__ = [
    "DataWarning",
    "Dataset",
    "FactorImages",
    "Grammar",
    "Manifold",
    "Sentences",
    "Stream",
    "TFRecordFeature",
    "blobs",
    "circle",
    "dsprites_like",
    "factor_images",
    "grammar",
    "is_table_path",
    "is_text_path",
    "load",
    "periodic_blob",
    "read_frame",
    "read_texts",
    "rotated_arrow",
    "sphere",
    "stream",
    "torus",
    "turned_arrow",
    "write_tfrecords",
]
