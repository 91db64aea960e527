"""Searches for hyperparameters, by KerasTuner."""

from keras_infovae.tuning.hyper_beta_vae import HyperBetaVAE
from keras_infovae.tuning.hyper_info_vae import HyperInfoVAE
from keras_infovae.tuning.hyper_mmd_vae import HyperMMDVAE
from keras_infovae.tuning.search import tune
from keras_infovae.tuning.search_result import SearchResult

__all__ = ["HyperBetaVAE", "HyperInfoVAE", "HyperMMDVAE", "SearchResult", "tune"]
