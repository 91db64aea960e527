"""Asking a server for what a model computes. None of it imports TensorFlow before gRPC is used."""

from keras_infovae.serving.client.client import Client
from keras_infovae.serving.client.serving_error import ServingError

__all__ = ["Client", "ServingError"]
