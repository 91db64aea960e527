"""One page on a trained model: what it is, whether it is healthy, and what it makes."""

from keras_infovae.evaluation.reporting.codes import code_matters
from keras_infovae.evaluation.reporting.diagnoses import Diagnosis, diagnose
from keras_infovae.evaluation.reporting.measurements import measure
from keras_infovae.evaluation.reporting.writing import report

__all__ = ["Diagnosis", "code_matters", "diagnose", "measure", "report"]
