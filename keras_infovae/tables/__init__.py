"""Tables as people have them: columns with names, kinds and missing values."""

from keras_infovae.tables import columns
from keras_infovae.tables.loading import load
from keras_infovae.tables.schema import Schema

__all__ = ["Schema", "columns", "load"]
