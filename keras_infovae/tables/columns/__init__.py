"""The columns of a table, one file for each kind."""

from keras_infovae.tables.columns.base import Column
from keras_infovae.tables.columns.categorical import BinaryColumn, CategoricalColumn
from keras_infovae.tables.columns.constant import ConstantColumn
from keras_infovae.tables.columns.count import CountColumn
from keras_infovae.tables.columns.date_time import DateTimeColumn
from keras_infovae.tables.columns.numeric import NumericColumn
from keras_infovae.tables.columns.ordinal import OrdinalColumn

__all__ = [
    "BinaryColumn",
    "CategoricalColumn",
    "Column",
    "ConstantColumn",
    "CountColumn",
    "DateTimeColumn",
    "NumericColumn",
    "OrdinalColumn",
]
