"""From a trained model to one file that a phone reads."""

import os

import numpy as np
import tensorflow as tf

from keras_infovae.serving import parity, saved_model
from keras_infovae.serving.export import check_model
from keras_infovae.serving.inputs import COARSEST, ServingInputs
from keras_infovae.serving.portable import litert_format, onnx_format, parts
from keras_infovae.serving.samples import Samples
from keras_infovae.utils.checks import argument_error, check_choice
from keras_infovae.utils.files import whole_file
from keras_infovae.version import __version__

FORMATS = {module.SUFFIX: module for module in (litert_format, onnx_format)}
_RANDOM = ("Stateless", "Random", "Multinomial")  # how the names of ops that draw begin


def export_portable(model, path, *, part, float16=False):
    """Writes one part of `model` to a file that needs neither Keras nor TensorFlow.

    Parts compute the same numbers as the signatures of `export_for_serving`, raw values in and
    out, for any number of rows; nothing in them is random:

        part           inputs         outputs
        "encoder"      x [n, ...]     mean, log_variance [n, latent_dim]: of q(z|x)
        "decoder"      z [n, latent]  x [n, ...]: the mean of p(x|z)
        "autoencoder"  x [n, ...]     reconstruction [n, ...]: decoder(encoder(x).mean)

    and `condition` where the model takes one. As in `encode`, the mean is the mode on a sphere,
    and there is no log_variance there or for a deterministic posterior. A new example is
    decoder(z) for z drawn by the program from the prior. x is not checked: values beyond the
    likelihood's range are taken for its end, and NaN gives NaN.

    Before the file appears under its name, its own runtime reads it, and it is compared with the
    model's methods in batches of 1, 3 and 64 rows, within what rounding explains (1e-5 in
    float32). The largest difference is printed.

    Args:
        model: a built model.
        path: of the file: ".tflite" for LiteRT (needs the extra "litert"), with a signature of
            the part's name; ".onnx" for ONNX (needs the extra "onnx"). A file there is replaced.
        part: "encoder", "decoder" or "autoencoder".
        float16: True stores the weights of a .tflite file in 16 bits, half of the size. It may
            then differ by 8 units of float16's last digit, 0.0078. Default False.

    Returns:
        The path.

    Raises:
        ValueError, TypeError: for arguments that cannot be used, and for a part that draws random
            numbers (a decoder that is autoregressive), has ops that the format lacks, named, or
            takes columns that lose their digits in the float32 of LiteRT (time stamps), or of
            a model in mixed precision (float16 goes into .onnx).
        ImportError: without the extra.
        RuntimeError: when the file differs from the model. Nothing is written in all these cases.

    Example:

    >>> import keras_infovae as ki
    >>> model = ki.InfoVAE(latent_dim=2, encoder="mlp", decoder="mlp")
    >>> model.build((None, 4))
    >>> path = ki.serving.export_portable(model, "encoder.onnx", part="encoder")  # doctest: +SKIP
    Exported to encoder.onnx. The largest difference from the Keras model is 1.2e-07.
    """
    difference = export_part(model, path, part, float16)
    print(f"Exported to {path}. The largest difference from the Keras model is {difference:.2g}.")
    return os.fspath(path)


def export_part(model, path, part, float16):
    """Does what `export_portable` says, and returns the largest difference from the model."""
    check_model(model)
    check_choice("part", part, parts.PARTS)
    path, form = _format(path)
    if not isinstance(float16, bool):
        raise argument_error("float16", "True or False", float16, TypeError)
    if float16 and form is not litert_format:
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
    inputs = ServingInputs(model, x_dtype=form.X_DTYPE)
    others = {dtype.name for dtype in parity.compute_dtypes(model) if dtype.is_floating}
    others -= form.COMPUTE_DTYPES
    if others:
        raise ValueError(
            f"Part `{part}` cannot be exported as {form.SUFFIX}: the model's layers compute in "
            f"{', '.join(sorted(others))}. Make it with the dtype policy float32."
        )
    if form.X_DTYPE is not None and part != "decoder":
        _refuse_coarse(inputs, form)
    with tf.device("CPU"):
        traced = saved_model.trace({part: parts.make(part, inputs)})[part]
        _refuse_draws(part, traced)
        about = f"keras-infovae {__version__}, {type(model).__name__}: {parts.PARTS[part][1]}"
        try:
            content = form.convert(part, traced, about, float16)
        except ValueError as error:
            raise ValueError(
                f"Part `{part}` cannot be exported as {form.SUFFIX}: the format lacks {error}. "
                "`export_for_serving` has no such limit; else use networks of other layers."
            ) from error
        samples, signature = Samples(inputs), parts.PARTS[part][0]
        given = {
            name: value
            for name, value in samples.requests(signature).items()
            if name in traced.structured_input_signature[1]
        }
        answers = {
            name: answer
            for name, answer in samples.answers(signature).items()
            if name in traced.structured_outputs
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


def _refuse_coarse(inputs, form):
    """Refuses columns whose raw values, in the format's type, have lost their digits."""
    lost = inputs.digits_lost(form.X_DTYPE)
    if lost > COARSEST:
        raise ValueError(
            f"The part cannot be exported as {form.SUFFIX}: its x is {form.X_DTYPE.name}, in which "
            f"a column loses {lost:.2g} of its scale, more than {COARSEST:g}. Take .onnx, or "
            "subtract a constant from such columns before training."
        )


def _refuse_draws(part, traced):
    for node in saved_model.nodes(traced.graph.as_graph_def()):
        if node.op.startswith(_RANDOM):
            raise ValueError(
                f"Part `{part}` cannot be exported: it draws random numbers ({node.op} in "
                f"{node.name}), as an autoregressive decoder does. `export_for_serving` can."
            )
