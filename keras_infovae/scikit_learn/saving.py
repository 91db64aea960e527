"""Models and settings as bytes and text, for what keeps estimators by pickling.

Nothing here is pickled: a model is the content of a .keras file, all else Keras's JSON, and both
are read in Keras's safe mode, which refuses to run code that comes with them.
"""

import json
import os
import tempfile

import keras


def file_of(model):
    """Returns the content of the .keras file of a model, bytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.keras")
        model.save(path)
        with open(path, "rb") as file:
            return file.read()


def model_of(content):
    """Returns the model of which `content` is the .keras file."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.keras")
        with open(path, "wb") as file:
            file.write(content)
        return keras.saving.load_model(path)


def text_of(value):
    """Returns settings, or dictionaries of them, as text."""
    return json.dumps(keras.saving.serialize_keras_object(value))


def value_of(text):
    """Returns what `text_of` made text of."""
    return keras.saving.deserialize_keras_object(json.loads(text))
