"""Strings as sequences of tokens, and back."""

from keras_infovae.text.loading import load
from keras_infovae.text.streaming import stream
from keras_infovae.text.text import Text
from keras_infovae.text.vocabulary import Vocabulary

__all__ = ["Text", "Vocabulary", "load", "stream"]
