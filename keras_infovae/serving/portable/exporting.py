"""How a part of a model becomes one file."""

import os

import numpy as np
import tensorflow as tf

from keras_infovae.serving import parity, saved_model
from keras_infovae.serving.exporting import check_model
from keras_infovae.serving.portable import litert_format, onnx_format, parts
from keras_infovae.serving.samples import Samples
from keras_infovae.serving.served_model import COARSEST, ServedModel
from keras_infovae.serving.signatures import PARTS
from keras_infovae.utils.checks import argument_error, check_boolean, check_choice
from keras_infovae.utils.files import whole_file
from keras_infovae.version import __version__

FORMATS = {module.SUFFIX: module for module in (litert_format, onnx_format)}
# How the names of ops that draw begin; the last is of `utils/row_random.py`.
_RANDOM = ("Stateless", "Random", "Multinomial", "BitwiseXor")


def export_part(model, path, part, float16):
    """Does what `export_portable` says, and returns the largest difference from the model."""
    check_model(model)
    check_choice("part", part, PARTS)
    model.capabilities.require(PARTS[part].needs, f"Part `{part}`")
    path, form = _format(path)
    if check_boolean("float16", float16) and form is not litert_format:
        raise argument_error("float16", f"False for {form.SUFFIX}", float16)
    content, difference = _checked_content(model, part, form, float16)
    with whole_file(path) as temporary, open(temporary, "wb") as file:
        file.write(content)
    return difference


def _format(path):
    """Returns (path, the module of its format), which is installed."""
    if not isinstance(path, (str, os.PathLike)) or not os.fspath(path):
        raise argument_error("path", "a path", path, TypeError)
    path = os.fspath(path)
    form = FORMATS.get(os.path.splitext(path)[1])
    if form is None:
        raise argument_error("path", f"a path that ends in {' or '.join(FORMATS)}", path)
    if not os.path.isdir(os.path.dirname(os.path.abspath(path))) or os.path.isdir(path):
        raise argument_error("path", "a file in a directory that is there", path)
    try:
        form.check_available()
    except ImportError as error:
        raise ImportError(
            f"Argument `path` needs the extra {form.EXTRA!r} for this format: "
            f"pip install 'keras-infovae[{form.EXTRA}]'. Received: path={path!r}, and {error}"
        ) from error
    return path, form


def _checked_content(model, part, form, float16):
    """Returns (the file's content, its largest difference from the model)."""
    served, signature = ServedModel(model, x_dtype=form.X_DTYPE, as_numbers=True), PARTS[part]
    others = {dtype.name for dtype in parity.compute_dtypes(model) if dtype.is_floating}
    others -= form.COMPUTE_DTYPES
    if others:
        raise ValueError(
            f"Part `{part}` cannot be exported as {form.SUFFIX}: the model's layers compute in "
            f"{', '.join(sorted(others))}. Make it with the dtype policy float32."
        )
    if form.X_DTYPE is not None and "x" in signature.takes:
        _refuse_coarse(served, form)
    with tf.device("CPU"):
        traced = saved_model.trace(f"Part `{part}`", *parts.make(part, served))
        _refuse_draws(part, traced)
        about = f"keras-infovae {__version__}, {type(model).__name__}: {signature.about}"
        try:
            content = form.convert(part, traced, about, float16)
        except ValueError as error:
            raise ValueError(
                f"Part `{part}` cannot be exported as {form.SUFFIX}: the format lacks {error}. "
                "`export_for_serving` has no such limit; else use networks of other layers."
            ) from error
        samples = Samples(served)
        given = {
            name: value
            for name, value in samples.requests(signature).items()
            if name in traced.inputs
        }
        answers = {
            name: answer
            for name, answer in samples.answers(signature).items()
            if name in traced.outputs
        }
    limit = parity.tolerance(model)
    if float16:
        limit = max(limit, 8.0 * float(np.finfo("float16").eps))

    def run(requests):
        try:
            ask = form.runner(content)
            return [ask(*request) for request in requests]
        except Exception as error:  # of the runtime's own kinds
            raise RuntimeError(f"The exported {form.SUFFIX} file does not run: {error}") from error

    return content, parity.compare(run, {part: given}, {part: answers}, limit)[part]


def _refuse_coarse(served, form):
    """Refuses columns whose raw values, in the format's type, have lost their digits."""
    lost = served.digits_lost(form.X_DTYPE)
    if lost > COARSEST:
        raise ValueError(
            f"The part cannot be exported as {form.SUFFIX}: its x is {form.X_DTYPE.name}, in which "
            f"a column loses {lost:.2g} of its scale, more than {COARSEST:g}. Take .onnx, or "
            "subtract a constant from such columns before training."
        )


def _refuse_draws(part, traced):
    for node in saved_model.nodes(traced.function.graph.as_graph_def()):
        if node.op.startswith(_RANDOM):
            raise ValueError(
                f"Part `{part}` cannot be exported: it draws random numbers ({node.op} in "
                f"{node.name}), as an autoregressive decoder and a chain that finds z do. "
                "`export_for_serving` can."
            )
