"""From a trained model to one file that a phone reads."""

from __future__ import annotations

import os

from keras_infovae.typing import Model, Path


def export_portable(model: Model, path: Path, *, part: str, float16: bool = False) -> str:
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
    from keras_infovae.serving.portable.exporting import export_part  # with TensorFlow

    difference = export_part(model, path, part, float16)
    print(f"Exported to {path}. The largest difference from the Keras model is {difference:.2g}.")
    return os.fspath(path)
