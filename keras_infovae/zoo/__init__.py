"""Presets: trained models in folders, found by name, checked before they are loaded.

A preset is a folder with `preset.json` (what it is, and the size and SHA-256 of every other file),
`config.json` (the model, its preprocessor among it, as Keras describes it), `model.weights.h5`
(weights alone, no optimizer) and `README.md`, its card.
"""

from keras_infovae.zoo.catalog import presets
from keras_infovae.zoo.loading import load
from keras_infovae.zoo.saving import save

__all__ = ["load", "presets", "save"]
