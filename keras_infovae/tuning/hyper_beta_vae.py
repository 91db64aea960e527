"""The search space of BetaVAE."""

from keras_infovae import models
from keras_infovae.tuning.hyper_info_vae import HyperInfoVAE


class HyperBetaVAE(HyperInfoVAE):
    """The search space of `BetaVAE`; an instance is a `keras_tuner.HyperModel`.

    Args:
        **space: as for `HyperInfoVAE`; `beta`, default from 0.25 to 8, greater than
            0, stands in the place of `alpha` and `lambda_`.

    Raises:
        ValueError, TypeError: as `HyperInfoVAE`.

    Example:

    >>> import keras_tuner
    >>> import keras_infovae as ki
    >>> space = ki.tuning.HyperBetaVAE(beta=2.0)
    >>> space.build(keras_tuner.HyperParameters()).beta
    2.0
    """

    model_class = models.BetaVAE
    hyperparameters = tuple(
        name for name in (*HyperInfoVAE.hyperparameters, "beta") if name not in ("alpha", "lambda_")
    )
