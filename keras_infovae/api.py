"""The public names.

To import them registers all classes with Keras, so that saved models can be loaded. Parts that
register none are imported by `keras_infovae` when they are first asked for.
"""

from keras_infovae import (
    anomaly_scores,
    conditions,
    datasets,
    divergences,
    inference,
    kernels,
    networks,
    parameters,
    preprocessors,
    samplers,
    schedules,
    tables,
    text,
)
from keras_infovae.distributions import denoisers, draw_rows, likelihoods, posteriors, priors
from keras_infovae.models import *  # noqa: F403
from keras_infovae.models import __all__ as _models
from keras_infovae.utils import reductions, row_random
from keras_infovae.utils.player import Player
from keras_infovae.version import __version__
from keras_infovae.zoo import presets

__all__ = [
    *_models,
    "Player",
    "__version__",
    "anomaly_scores",
    "conditions",
    "datasets",
    "denoisers",
    "divergences",
    "draw_rows",
    "inference",
    "kernels",
    "likelihoods",
    "networks",
    "parameters",
    "posteriors",
    "preprocessors",
    "presets",
    "priors",
    "reductions",
    "row_random",
    "samplers",
    "schedules",
    "tables",
    "text",
]

LATER = ("callbacks", "evaluation", "migration", "scikit_learn", "serving", "training", "tuning")
ALL = [*__all__, *LATER]
