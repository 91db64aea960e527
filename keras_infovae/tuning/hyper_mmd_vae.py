"""The search space of MMDVAE."""

from keras_infovae import models
from keras_infovae.tuning.hyper_info_vae import HyperInfoVAE


class HyperMMDVAE(HyperInfoVAE):
    """The search space of `MMDVAE`; an instance is a `keras_tuner.HyperModel`.

    Args:
        **space: as for `HyperInfoVAE`; `lambda_` as there, and no `alpha`.

    Raises:
        ValueError, TypeError: as `HyperInfoVAE`.

    Example:

    >>> import keras_tuner
    >>> import keras_infovae as ki
    >>> space = ki.tuning.HyperMMDVAE(lambda_=500.0)
    >>> space.build(keras_tuner.HyperParameters()).lambda_
    500.0
    """

    model_class = models.MMDVAE
    hyperparameters = tuple(name for name in HyperInfoVAE.hyperparameters if name != "alpha")
