"""Trained models for TensorFlow Serving, and what asks a server for them.

To import it brings no TensorFlow along: clients and the command line do without.
"""

from keras_infovae.serving.client import Client, ServingError
from keras_infovae.serving.export import export_for_serving
from keras_infovae.serving.portable import export_portable
from keras_infovae.serving.server_config import write_server_config

__all__ = ["Client", "ServingError", "export_for_serving", "export_portable", "write_server_config"]
