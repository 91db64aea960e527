"""`regress`: the score of a `tf.train.Example`, for the Regress API."""

import numpy as np

from keras_infovae.serving.signatures.score import Score

METHOD = "tensorflow/serving/regress"
INPUT, OUTPUT = "inputs", "outputs"  # by TensorFlow Serving's convention


class Regress(Score):
    """`score` alone; an example holds the condition too."""

    name = "regress"
    about = "`score` of `tf.train.Example`s, for the Regress API"
    takes = (INPUT,)
    outputs = (OUTPUT,)
    method = METHOD

    def compute(self, served, x, condition=None):
        return {OUTPUT: super().compute(served, x, condition)["score"][:, None]}

    def answers(self, samples, x):
        score, unit = super().answers(samples, x)["score"]
        return {OUTPUT: (score[:, None], np.reshape(unit, [-1, 1]))}
