"""Signatures as a SavedModel that TensorFlow Serving loads."""

import os

import keras
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

_PYTHON_OPS = ("PyFunc", "PyFuncStateless", "EagerPyFunc")


def trace_all(signatures, served):
    """Returns {name: concrete function} of signatures; one function for those that are alike."""
    alike = {}
    for signature in signatures:
        if type(signature) not in alike:
            alike[type(signature)] = _trace_signature(signature, served)
    return {signature.name: alike[type(signature)] for signature in signatures}


def _trace_signature(signature, served):
    fields = {field.name: field for field in signature.fields(served)}

    def function(**given):
        """Reads a request, computes, and raises where an output would not be finite."""
        read = {}
        for name, tensor in given.items():
            read |= fields[name].read(served, tensor)
        return {
            name: tf.debugging.assert_all_finite(tensor, f"Output `{name}` must be finite.")
            if tensor.dtype.is_floating
            else tensor
            for name, tensor in signature.compute(served, **read).items()
        }

    specs = {name: field.spec(served) for name, field in fields.items()}
    return trace(f"Signature `{signature.name}`", specs, function)


def trace(what, specs, function):
    """Returns the concrete function of named tensors.

    Args:
        what: it is, as errors begin.
        specs: {input: TensorSpec}.
        function: from keyword arguments to {output: tensor}.

    Raises:
        ValueError: for a network that cannot be traced, or one that runs Python code, which a
            server does not have.
    """
    try:
        traced = tf.function(function).get_concrete_function(**specs)
    except Exception as error:
        raise ValueError(
            f"{what} cannot be exported: the model cannot be traced as a graph. "
            f"{type(error).__name__}: {error}"
        ) from error
    for node in nodes(traced.graph.as_graph_def()):
        if node.op in _PYTHON_OPS:
            raise ValueError(
                f"{what} cannot be exported: {node.name} runs Python code "
                f"({node.op}), which a server does not have. Write the layer with TensorFlow ops."
            )
    return traced


def write(directory, traced, preprocessing=None, methods=None):
    """Writes the traced signatures, and the weights that they read, to `directory`.

    Args:
        directory: of the SavedModel.
        traced: {signature: concrete function}.
        preprocessing: of the `ServedModel`. Default None.
        methods: {signature: its API}, where that is not Predict. Default None.
    """
    module = tf.Module()
    # Only what the signatures read: no optimizer, no critic, none of the model's own functions.
    captured = {id(v): v for function in traced.values() for v in function.variables}
    module.weights = list(captured.values())
    if isinstance(preprocessing, (keras.Model, tf.Module)):
        module.preprocessing = preprocessing  # for its lookup tables
    tf.saved_model.save(module, directory, signatures=traced)
    _set_methods(directory, methods or {})


def nodes(graph):
    """Returns the nodes of a `GraphDef`, those of its functions too."""
    return [*graph.node, *(node for f in graph.library.function for node in f.node_def)]


def _set_methods(directory, methods):
    """Sets the APIs of signatures, which `tf.saved_model.save` writes as Predict for all."""
    path = os.path.join(directory, "saved_model.pb")
    saved = saved_model_pb2.SavedModel()
    with open(path, "rb") as file:
        saved.ParseFromString(file.read())
    for graph in saved.meta_graphs:
        for name, method in methods.items():
            graph.signature_def[name].method_name = method
    with open(path, "wb") as file:
        file.write(saved.SerializeToString(deterministic=True))
