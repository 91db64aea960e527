"""keras-infovae: InfoVAE and its family for Keras and TensorFlow.

>>> import keras_infovae as ki
>>> model = ki.InfoVAE(latent_dim=16)
>>> model.compile("adam")

Then `model.fit(x)`, `model.encode(x)`, `model.generate(16)`, `model.save("model.keras")`.
"""

import os

# The models compute with TensorFlow; Keras reads this when it is first imported.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

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
    samplers,
    schedules,
    serving,
    training,
    tuning,
)
from keras_infovae.distributions import draw_rows, likelihoods, posteriors, priors
from keras_infovae.models import *  # noqa: F403
from keras_infovae.models import __all__ as _models
from keras_infovae.utils import reductions, row_random
from keras_infovae.utils.player import Player
from keras_infovae.version import __version__

__all__ = [
    *_models,
    "Player",
    "__version__",
    "anomaly_scores",
    "callbacks",
    "conditions",
    "datasets",
    "divergences",
    "draw_rows",
    "evaluation",
    "inference",
    "kernels",
    "likelihoods",
    "migration",
    "networks",
    "posteriors",
    "priors",
    "reductions",
    "row_random",
    "samplers",
    "schedules",
    "serving",
    "training",
    "tuning",
]
