"""What leads from raw data to the x that networks see, and back."""

from keras_infovae.preprocessors.base import Preprocessor
from keras_infovae.preprocessors.images import Images
from keras_infovae.preprocessors.scaling import Scaling

__all__ = ["Images", "Preprocessor", "Scaling"]
