"""Trained models for TensorFlow Serving."""

from keras_infovae.serving.export import export_for_serving

__all__ = ["export_for_serving"]
