"""Signatures as a SavedModel that TensorFlow Serving loads."""

import keyword
import os
from typing import Any, NamedTuple

import keras
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

_PYTHON_OPS = ("PyFunc", "PyFuncStateless", "EagerPyFunc")


class Traced(NamedTuple):
    """A function of named tensors, traced.

    Args:
        function: the concrete function. Its arguments have the names of the inputs, where these
            are names in Python; others `input_0`, ..., by their place.
        inputs, outputs: {name: TensorSpec, or a tensor of such}.
    """

    function: Any
    inputs: dict
    outputs: dict


def trace_all(signatures, served):
    """Returns {name: Traced} of signatures; one function for those that are alike."""
    alike = {}
    for signature in signatures:
        if type(signature) not in alike:
            alike[type(signature)] = _trace_signature(signature, served)
    return {signature.name: alike[type(signature)] for signature in signatures}


def _trace_signature(signature, served):
    fields = [(field, field.specs(served)) for field in signature.fields(served)]
    # Of raw examples x is looked at before it becomes values, of which some may be missing.
    looked_at = not (signature.gives_examples and served.preprocessor is not None)

    def function(**given):
        """Reads a request, computes, and raises where an output would not be finite."""
        read = {}
        for field, specs in fields:
            read |= field.read(served, **{name: given[name] for name in specs})
        return {
            name: tf.debugging.assert_all_finite(tensor, f"Output `{name}` must be finite.")
            if looked_at and tensor.dtype.is_floating
            else tensor
            for name, tensor in signature.compute(served, **read).items()
        }

    specs = {name: spec for _, specs in fields for name, spec in specs.items()}
    return trace(f"Signature `{signature.name}`", specs, function)


def trace(what, specs, function):
    """Returns the `Traced` function of named tensors.

    Args:
        what: it is, as errors begin.
        specs: {input: TensorSpec}.
        function: from keyword arguments to {output: tensor}.

    Raises:
        ValueError: for a network that cannot be traced, or one that runs Python code, which a
            server does not have.
    """
    names = arguments(specs)

    def renamed(**given):
        return function(**{name: given[names[name]] for name in specs})

    try:
        traced = tf.function(renamed, autograph=False).get_concrete_function(
            **{names[name]: tf.TensorSpec(s.shape, s.dtype) for name, s in specs.items()}
        )
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
    return Traced(traced, dict(specs), traced.structured_outputs)


def arguments(names):
    """Returns {name: the argument that stands for it}: TensorFlow takes Python's names alone."""
    return {
        name: name
        if name.isidentifier() and name.isascii() and not keyword.iskeyword(name)
        else f"input_{i}"
        for i, name in enumerate(names)
    }


def write(directory, traced, preprocessing=None, methods=None):
    """Writes the traced signatures, and the weights that they read, to `directory`.

    Args:
        directory: of the SavedModel.
        traced: {signature: Traced}.
        preprocessing: of the `ServedModel`. Default None.
        methods: {signature: its API}, where that is not Predict. Default None.
    """
    module = tf.Module()
    # Only what the signatures read: no optimizer, no critic, none of the model's own functions.
    captured = {id(v): v for each in traced.values() for v in each.function.variables}
    module.weights = list(captured.values())
    if isinstance(preprocessing, (keras.Model, tf.Module)):
        module.preprocessing = preprocessing  # for its lookup tables
    functions = {name: each.function for name, each in traced.items()}
    tf.saved_model.save(module, directory, signatures=functions)
    _finish(directory, traced, methods or {})


def nodes(graph):
    """Returns the nodes of a `GraphDef`, those of its functions too."""
    return [*graph.node, *(node for f in graph.library.function for node in f.node_def)]


def _finish(directory, traced, methods):
    """Sets the APIs of signatures, for which `tf.saved_model.save` writes Predict, and names."""
    path = os.path.join(directory, "saved_model.pb")
    saved = saved_model_pb2.SavedModel()
    with open(path, "rb") as file:
        saved.ParseFromString(file.read())
    for graph in saved.meta_graphs:
        for name, method in methods.items():
            graph.signature_def[name].method_name = method
        for name, each in traced.items():
            inputs = graph.signature_def[name].inputs
            for given, argument in arguments(each.inputs).items():
                if given != argument:
                    inputs[given].CopyFrom(inputs[argument])
                    del inputs[argument]
    with open(path, "wb") as file:
        file.write(saved.SerializeToString(deterministic=True))
