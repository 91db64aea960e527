"""The public names.

To import them registers all classes with Keras, so that saved models can be loaded.
"""

from keras_infovae import (
    anomaly_scores,
    callbacks,
    conditions,
    datasets,
    divergences,
    evaluation,
    inference,
    kernels,
    migration,
    networks,
    parameters,
    preprocessors,
    samplers,
    schedules,
    scikit_learn,
    serving,
    tables,
    text,
    training,
    tuning,
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
    "callbacks",
    "conditions",
    "datasets",
    "denoisers",
    "divergences",
    "draw_rows",
    "evaluation",
    "inference",
    "kernels",
    "likelihoods",
    "migration",
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
    "scikit_learn",
    "serving",
    "tables",
    "text",
    "training",
    "tuning",
]
