"""Callbacks that look at the latents while a model is trained, by its public methods alone."""

from keras_infovae.callbacks.collapse_monitor import CollapseMonitor
from keras_infovae.callbacks.divergence_null_band import DivergenceNullBand

__all__ = ["CollapseMonitor", "DivergenceNullBand"]
