"""`preprocessor`: what raw examples are, for clients."""

import json

import numpy as np

from keras_infovae.serving.signatures.base import Signature

INPUT, OUTPUT = "row", "json"


class PreprocessorText(Signature):
    """The preprocessor of the model, as its config in JSON, the same for each row.

    With it a client gives raw data as the model's methods do: tables with names, dtypes and
    categories. It has rows, because servers join requests along them.
    """

    name = "preprocessor"
    about = "the model's preprocessor in JSON, by which clients read and write raw examples"
    takes = (INPUT,)
    outputs = (OUTPUT,)

    def fitted(self, served):
        if served.preprocessor is None:
            raise ValueError(
                f"Signature `{self.name}` needs a model of raw data, such as tables. Received: a "
                f"{type(served.model).__name__} that is asked for x"
            )
        return self

    def fields(self, served):
        from keras_infovae.serving.fields import FIELDS  # with TensorFlow

        return [FIELDS[name] for name in self.takes]

    def compute(self, served, row):
        import tensorflow as tf

        return {OUTPUT: tf.fill(tf.shape(row), self._text(served))}

    def answers(self, samples, x):
        texts = np.full(len(samples), self._text(samples.served).encode("utf-8"), object)
        return {OUTPUT: (texts, 1.0)}

    @staticmethod
    def _text(served):
        return json.dumps(served.preprocessor.as_config())
