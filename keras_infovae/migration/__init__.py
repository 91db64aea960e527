"""What other libraries' InfoVAE settings really train, and what to write here instead."""

from keras_infovae.migration.explanation import Explanation
from keras_infovae.migration.sources import explain

__all__ = ["Explanation", "explain"]
