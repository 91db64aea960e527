"""Priors, posteriors and likelihoods: settings that turn tensors into TFP distributions."""

from keras_infovae.distributions import likelihoods, posteriors, priors
from keras_infovae.distributions.moments import diagonal_normal_moments

__all__ = ["diagonal_normal_moments", "likelihoods", "posteriors", "priors"]
