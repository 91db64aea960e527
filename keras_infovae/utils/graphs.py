"""Functions that are compiled once."""

import tensorflow as tf


def one_graph(function, signature=None):
    """Returns `function` of tensors, compiled once; eager where functions run eagerly.

    A `tf.function` made anew for each model would be taken for one that is traced too often, which
    TensorFlow warns of from the fifth on; its graph is not.

    Args:
        function: takes tensors by position.
        signature: a list of TensorSpecs. Default None: those of the first call's arguments.
    """
    graphs = []

    def call(*arguments):
        if tf.config.functions_run_eagerly():
            return function(*arguments)
        if not graphs:
            specs = arguments if signature is None else signature
            # AutoGraph rewrites all code that is called, which can take longer than tracing. Keras
            # trains without it, so that networks cannot rely on it.
            graph = tf.function(function, autograph=False)
            graphs.append(graph.get_concrete_function(*specs))
        return graphs[0](*arguments)

    return call
