"""Signatures as a SavedModel that TensorFlow Serving loads."""

import os

import keras
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

_PYTHON_OPS = ("PyFunc", "PyFuncStateless", "EagerPyFunc")
_REGRESS_METHOD = "tensorflow/serving/regress"


def trace(signatures):
    """Returns {name: concrete function} of {name: Signature}.

    Raises:
        ValueError: naming the signature, for a network that cannot be traced, or one that runs
            Python code, which a server does not have.
    """
    traced = {}
    for name, signature in signatures.items():
        try:
            function = tf.function(signature.function)
            traced[name] = function.get_concrete_function(**signature.inputs)
        except Exception as error:
            raise ValueError(
                f"Signature `{name}` cannot be exported: the model cannot be traced as a graph. "
                f"{type(error).__name__}: {error}"
            ) from error
        _refuse_python(name, traced[name].graph.as_graph_def())
    return traced


def write(directory, traced, preprocessing=None):
    """Writes the traced signatures, and the weights that they read, to `directory`."""
    module = tf.Module()
    # Only what the signatures read: no optimizer, no critic, none of the model's own functions.
    captured = {id(v): v for function in traced.values() for v in function.variables}
    module.weights = list(captured.values())
    if isinstance(preprocessing, (keras.Model, tf.Module)):
        module.preprocessing = preprocessing  # for its lookup tables
    tf.saved_model.save(module, directory, signatures=traced)
    if "regress" in traced:
        _set_method(directory, "regress", _REGRESS_METHOD)


def nodes(graph):
    """Returns the nodes of a `GraphDef`, those of its functions too."""
    return [*graph.node, *(node for f in graph.library.function for node in f.node_def)]


def _refuse_python(name, graph):
    for node in nodes(graph):
        if node.op in _PYTHON_OPS:
            raise ValueError(
                f"Signature `{name}` cannot be exported: {node.name} runs Python code "
                f"({node.op}), which a server does not have. Write the layer with TensorFlow ops."
            )


def _set_method(directory, name, method):
    """Sets the API of a signature, which `tf.saved_model.save` writes as Predict for all."""
    path = os.path.join(directory, "saved_model.pb")
    saved = saved_model_pb2.SavedModel()
    with open(path, "rb") as file:
        saved.ParseFromString(file.read())
    for graph in saved.meta_graphs:
        graph.signature_def[name].method_name = method
    with open(path, "wb") as file:
        file.write(saved.SerializeToString(deterministic=True))
