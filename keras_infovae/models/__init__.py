"""Models: one base class, the family, and the register of their names."""

from keras_infovae.models.adversarial_autoencoder import AdversarialAutoencoder
from keras_infovae.models.annealed_vae import AnnealedVAE
from keras_infovae.models.beta_tcvae import BetaTCVAE
from keras_infovae.models.chart_autoencoder import ChartAutoencoder
from keras_infovae.models.denoising_diffusion import DenoisingDiffusion
from keras_infovae.models.dip_vae import DIPVAE
from keras_infovae.models.exact_em import ExactEM
from keras_infovae.models.factor_vae import FactorVAE
from keras_infovae.models.family import MMDVAE, VAE, BetaVAE
from keras_infovae.models.generative_model import GenerativeModel
from keras_infovae.models.info_vae import InfoVAE
from keras_infovae.models.iwae import IWAE
from keras_infovae.models.latent_variable_model import LatentVariableModel
from keras_infovae.models.registry import register_model
from keras_infovae.models.short_run_model import ShortRunModel
from keras_infovae.models.stein_vae import SteinVAE
from keras_infovae.models.step_model import BatchLoss
from keras_infovae.models.wasserstein_autoencoder import WassersteinAutoencoder

__all__ = [
    "DIPVAE",
    "IWAE",
    "MMDVAE",
    "VAE",
    "AdversarialAutoencoder",
    "AnnealedVAE",
    "BatchLoss",
    "BetaTCVAE",
    "BetaVAE",
    "ChartAutoencoder",
    "DenoisingDiffusion",
    "ExactEM",
    "FactorVAE",
    "GenerativeModel",
    "InfoVAE",
    "LatentVariableModel",
    "ShortRunModel",
    "SteinVAE",
    "WassersteinAutoencoder",
    "register_model",
]
