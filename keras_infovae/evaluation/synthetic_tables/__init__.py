"""How good synthetic rows of a table are."""

from keras_infovae.evaluation.synthetic_tables.quality import table_quality
from keras_infovae.evaluation.synthetic_tables.result import TableQuality

__all__ = ["TableQuality", "table_quality"]
