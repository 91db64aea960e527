"""How codes separate known factors: metrics on (z, factors), and of a model on a set."""

from keras_infovae.evaluation.disentanglement_metrics.information import (
    modularity,
    mutual_information_gap,
)
from keras_infovae.evaluation.disentanglement_metrics.interventions import (
    beta_vae_score,
    factor_vae_score,
)
from keras_infovae.evaluation.disentanglement_metrics.prediction import (
    disentanglement_and_completeness,
    disentanglement_completeness_informativeness,
    separated_attribute_predictability,
)
from keras_infovae.evaluation.disentanglement_metrics.scores import disentanglement

__all__ = [
    "beta_vae_score",
    "disentanglement",
    "disentanglement_and_completeness",
    "disentanglement_completeness_informativeness",
    "factor_vae_score",
    "modularity",
    "mutual_information_gap",
    "separated_attribute_predictability",
]
