"""Searches for hyperparameters, by KerasTuner."""

from keras_infovae.tuning.hyper_model import HyperModel
from keras_infovae.tuning.search import tune
from keras_infovae.tuning.search_result import SearchResult

__all__ = ["HyperModel", "SearchResult", "tune"]
