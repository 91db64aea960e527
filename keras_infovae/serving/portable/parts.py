"""The parts of a model that compute without random numbers, as functions of named tensors."""

import tensorflow as tf

from keras_infovae.serving.signatures import PARTS


def make(part, served):
    """Returns ({input: TensorSpec}, a function from keyword arguments to {output: tensor}).

    Values are raw, as in the signatures of a server, but nothing is refused: neither format has
    errors of its own. x beyond the range that the model describes is taken for the end of it.

    Args:
        part: one of PARTS.
        served: the `ServedModel`.
    """
    signature = PARTS[part]

    def function(**given):
        if "x" in given:
            given["x"] = served.clipped(tf.cast(served.scaled(given["x"]), tf.float32))
        return signature.compute(served, **given)

    specs = {}
    for field in signature.fields(served):
        if field.name != "seed":
            specs |= field.specs(served)
    return specs, function
