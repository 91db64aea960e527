"""Denoisers: the networks of a diffusion."""

from keras_infovae.distributions.denoisers.base import Denoiser
from keras_infovae.distributions.denoisers.residual_mlp import ResidualMLP
from keras_infovae.distributions.denoisers.u_net import UNet
from keras_infovae.utils.serialization import Registry

registry = Registry("denoiser", Denoiser, {"residual_mlp": ResidualMLP, "u_net": UNet})
get = registry.get
serialize = registry.serialize
deserialize = registry.deserialize

__all__ = ["Denoiser", "ResidualMLP", "UNet", "deserialize", "get", "serialize"]
