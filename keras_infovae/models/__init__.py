"""InfoVAE and its family: `keras.Model` subclasses."""

from keras_infovae.models.family import MMDVAE, VAE, BetaVAE
from keras_infovae.models.info_vae import InfoVAE
from keras_infovae.models.latent_variable_model import LatentVariableModel

__all__ = ["MMDVAE", "VAE", "BetaVAE", "InfoVAE", "LatentVariableModel"]
