"""Parts of a model for programs without TensorFlow: on phones, in browsers, at the edge."""

from keras_infovae.serving.portable.export import export_portable

__all__ = ["export_portable"]
