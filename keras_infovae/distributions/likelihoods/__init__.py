"""Likelihoods p(x|z)."""

from keras_infovae.distributions.likelihoods.base import Likelihood
from keras_infovae.distributions.likelihoods.bernoulli import Bernoulli
from keras_infovae.distributions.likelihoods.categorical import Categorical
from keras_infovae.distributions.likelihoods.continuous_bernoulli import ContinuousBernoulli
from keras_infovae.distributions.likelihoods.discretized_logistic_mixture import (
    DiscretizedLogisticMixture,
)
from keras_infovae.distributions.likelihoods.laplace import Laplace
from keras_infovae.distributions.likelihoods.mixed_columns import MixedColumns
from keras_infovae.distributions.likelihoods.negative_binomial import NegativeBinomial
from keras_infovae.distributions.likelihoods.normal import Normal
from keras_infovae.distributions.likelihoods.partly_observed import PartlyObserved
from keras_infovae.distributions.likelihoods.poisson import Poisson
from keras_infovae.distributions.likelihoods.student_t import StudentT
from keras_infovae.distributions.likelihoods.token_sequence import TokenSequence
from keras_infovae.distributions.likelihoods.transformed import Transformed
from keras_infovae.distributions.likelihoods.zero_inflated_negative_binomial import (
    ZeroInflatedNegativeBinomial,
)
from keras_infovae.utils.serialization import Registry

registry = Registry(
    "likelihood",
    Likelihood,
    {
        "bernoulli": Bernoulli,
        "categorical": Categorical,
        "continuous_bernoulli": ContinuousBernoulli,
        "discretized_logistic_mixture": DiscretizedLogisticMixture,
        "laplace": Laplace,
        "mixed_columns": MixedColumns,
        "negative_binomial": NegativeBinomial,
        "normal": Normal,
        "partly_observed": PartlyObserved,
        "poisson": Poisson,
        "student_t": StudentT,
        "token_sequence": TokenSequence,
        "zero_inflated_negative_binomial": ZeroInflatedNegativeBinomial,
    },
)
get = registry.get
serialize = registry.serialize
deserialize = registry.deserialize

__all__ = [
    "Bernoulli",
    "Categorical",
    "ContinuousBernoulli",
    "DiscretizedLogisticMixture",
    "Laplace",
    "Likelihood",
    "MixedColumns",
    "NegativeBinomial",
    "Normal",
    "PartlyObserved",
    "Poisson",
    "StudentT",
    "TokenSequence",
    "Transformed",
    "ZeroInflatedNegativeBinomial",
    "deserialize",
    "get",
    "serialize",
]
