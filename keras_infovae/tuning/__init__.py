"""Search spaces of hyperparameters, for KerasTuner."""

from keras_infovae.tuning.hyper_beta_vae import HyperBetaVAE
from keras_infovae.tuning.hyper_info_vae import HyperInfoVAE
from keras_infovae.tuning.hyper_mmd_vae import HyperMMDVAE

__all__ = ["HyperBetaVAE", "HyperInfoVAE", "HyperMMDVAE"]
