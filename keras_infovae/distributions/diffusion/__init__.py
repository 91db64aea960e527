"""Denoising diffusion in continuous time: noise, draws and the bound, as pure functions."""

from keras_infovae.distributions.diffusion.bound import variational_bound
from keras_infovae.distributions.diffusion.drawing import coefficients, draw
from keras_infovae.distributions.diffusion.noise import FIRST_TIME, denoised, noised

__all__ = ["FIRST_TIME", "coefficients", "denoised", "draw", "noised", "variational_bound"]
