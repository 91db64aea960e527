"""From a trained model to a directory that TensorFlow Serving loads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras_infovae.typing import Array, Model, Path


def export_for_serving(
    model: Model,
    directory: Path,
    *,
    version: int | None = None,
    signatures: str | Sequence[str] = "all",
    warmup: Array | None = None,
    preprocessing: Any = None,
    classes: Sequence[Any] | None = None,
) -> str:
    """Writes `model` to `directory`/`version` as a SavedModel for TensorFlow Serving.

    The signatures take and give raw values: `model.scaling` is part of them. docs/serving.md lists
    their inputs and outputs, and so do `signatures.json` and `README.md` in the version. Before the
    version appears under its name, another process loads it without Keras and every signature is
    compared with the model's own methods, in batches of 1, 3 and 64 rows; the largest difference is
    printed.

    Args:
        model: a built model.
        directory: the model's directory on the server, made where it is missing. It must not be a
            symbolic link or contain "..".
        version: an integer from 1 to 2**63 - 1 that is not there yet. Default None: the next one.
        signatures: "all" (default), for all that the model can have, or a list of names, of those
            in docs/serving.md: "encode" and "decode" need codes, "elbo" and "log_prob" a model that
            knows them, "regress" raw x that float32 holds, "encode_image_bytes" and
            "score_image_bytes" images of 1 or 3 channels.
        warmup: raw examples [n, ...] of which the first 8 are used, or (examples, condition) for a
            model with a condition. They are compared with, and become the requests that the server
            runs before it takes others (needs the extra "serving"). Default None: examples drawn
            from the model are compared with, and the server is not warmed up; a model that does not
            generate needs them.
        preprocessing: what makes raw values the model's x instead of `model.scaling`: a Keras model
            with one input, or a function of tensors float32 [n, *event_shape]. Outputs are then in
            the units of x. `warmup` must be given with it. Default None.
        classes: where the condition is a class, the label (text or a number) that each class stands
            for, in their order, for `signatures.json` and `README.md`. Default None.

    Returns:
        The path of the version.

    Raises:
        ValueError, TypeError: for arguments that cannot be used, before anything is written.
        ImportError: for `warmup` without the extra "serving".
        FileExistsError: for a version that is there.
        OSError: naming the version, where the disk is full.
        RuntimeError: when the exported model differs from the Keras model; nothing is left then.

    Example:

    >>> import numpy as np
    >>> import keras_infovae as ki
    >>> model = ki.InfoVAE(latent_dim=2, encoder="mlp", decoder="mlp")
    >>> model.build((None, 4))
    >>> path = ki.serving.export_for_serving(model, "exported/my_model")  # doctest: +SKIP
    Exported to exported/my_model/1. The largest difference from the Keras model is 1.2e-07.
    """
    from keras_infovae.serving.exporting import export  # with TensorFlow, which clients do without
    from keras_infovae.serving.graph_loader import GraphLoader

    with GraphLoader() as loader:
        path, differences = export(
            model, directory, version, signatures, warmup, preprocessing, loader, classes
        )
    worst = max(differences.values())
    print(f"Exported to {path}. The largest difference from the Keras model is {worst:.2g}.")
    return path
