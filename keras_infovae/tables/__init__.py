"""Tables as people have them: columns with names, kinds and missing values."""

from keras_infovae.tables import columns, kinds
from keras_infovae.tables.schema import Schema, check_schema, codes_frame, is_frame

__all__ = ["Schema", "columns"]
