"""LiteRT, the runtime that was TensorFlow Lite: files that end in .tflite."""

import re
import tempfile

import numpy as np
import tensorflow as tf

from keras_infovae.serving import saved_model

SUFFIX, EXTRA = ".tflite", "litert"
X_DTYPE = tf.float32  # it does not compute in float64
COMPUTE_DTYPES = {"float32"}  # of networks


def check_available():
    """Raises ImportError unless the runtime is installed."""
    import ai_edge_litert.interpreter  # noqa: F401


def convert(name, traced, about, float16):
    """Returns the content of a file with `traced` as its signature `name`.

    Args:
        name: of the signature.
        traced: the `saved_model.Traced` function of named tensors.
        about: what the file should say of itself; this format has no place for it.
        float16: whether weights are stored in 16 bits. Values are computed in float32 all the same.

    Raises:
        ValueError: with the ops that LiteRT does not have.
    """
    with tempfile.TemporaryDirectory() as folder:
        saved_model.write(folder, {name: traced})
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=[name])
        if float16:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.target_spec.supported_types = [tf.float16]
        try:
            return converter.convert()
        except Exception as error:  # the converter's own kinds of errors are not public
            ops = re.findall(r"'tf\.(\w+)' op ", str(error))
            raise ValueError(", ".join(dict.fromkeys(ops)) or str(error)) from error


def runner(content):
    """Returns a function from (signature, {input: array}) to {output: array}."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content)

    def run(name, inputs):
        outputs = interpreter.get_signature_runner(name)(**inputs)
        return {key: np.array(value) for key, value in outputs.items()}

    return run
