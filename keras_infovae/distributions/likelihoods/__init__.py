"""Likelihoods p(x|z)."""

from keras_infovae.distributions.likelihoods.base import Likelihood
from keras_infovae.distributions.likelihoods.bernoulli import Bernoulli
from keras_infovae.distributions.likelihoods.normal import Normal
from keras_infovae.utils.serialization import Registry

registry = Registry("likelihood", Likelihood, {"bernoulli": Bernoulli, "normal": Normal})
get = registry.get
serialize = registry.serialize
deserialize = registry.deserialize

__all__ = ["Bernoulli", "Likelihood", "Normal", "deserialize", "get", "serialize"]
