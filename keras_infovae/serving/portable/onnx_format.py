"""ONNX: files that onnxruntime reads, on nearly any system and in browsers."""

import tensorflow as tf

SUFFIX, EXTRA = ".onnx", "onnx"
X_DTYPE = None  # it computes in float64 too
COMPUTE_DTYPES = {"float32", "float64", "float16"}  # of networks
OPSET = 17  # of 2022: what is installed reads it


def check_available():
    """Raises ImportError unless the converter and the runtime are installed."""
    import onnxruntime  # noqa: F401
    import tf2onnx  # noqa: F401


def convert(name, traced, about, float16):
    """Returns the content of a file with the named inputs and outputs of `traced`.

    Args:
        name: of the graph.
        traced: the `saved_model.Traced` function of named tensors.
        about: what the file says of itself.
        float16: must be False.

    Raises:
        ValueError: with the ops that ONNX does not have.
    """
    import onnx
    import tf2onnx

    from keras_infovae.serving.portable import onnx_ops  # noqa: F401

    specs = traced.inputs

    @tf.function(input_signature=list(specs.values()), autograph=False)
    def function(*values):
        return traced.function(**dict(zip(specs, values)))

    model, _ = tf2onnx.convert.from_function(function, list(specs.values()), opset=OPSET)
    unknown = {op for op in _ops(model.graph) if not onnx.defs.has(op)}  # kept as they were
    if unknown:
        raise ValueError(", ".join(sorted(unknown)))
    model.graph.name, model.doc_string = name, about
    model.producer_name = "keras-infovae"
    return model.SerializeToString()


def _ops(graph):
    """Yields the ops of a graph, and of the graphs that are attributes of its nodes."""
    for node in graph.node:
        yield node.op_type
        for attribute in node.attribute:
            yield from _ops(attribute.g)


def runner(content):
    """Returns a function from (name, {input: array}) to {output: array}."""
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]

    def run(name, inputs):
        return dict(zip(names, session.run(names, inputs)))

    return run
