"""From a trained model to a directory that TensorFlow Serving loads."""

import numbers
import os

import numpy as np

from keras_infovae.serving import model_card, parity, saved_model
from keras_infovae.serving import signatures as signature_table
from keras_infovae.serving import warmup as warm_up
from keras_infovae.serving.graph_loader import GraphLoader
from keras_infovae.serving.inputs import ServingInputs
from keras_infovae.serving.samples import Samples
from keras_infovae.serving.versions import check_version, versions_in
from keras_infovae.utils.checks import argument_error
from keras_infovae.utils.files import rename_to_new, temporary_directory


def export_for_serving(
    model,
    directory,
    *,
    version=None,
    signatures="all",
    warmup=None,
    preprocessing=None,
    classes=None,
):
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
        signatures: "all" (default), for all that the model can have, or a list of names:
            "serving_default", "encode", "decode", "generate", "score", "regress" (but where raw x
            needs float64), and for images of 1 or 3 channels "encode_image_bytes" and
            "score_image_bytes".
        warmup: raw examples [n, ...] of which the first 8 are used, or (examples, condition) for a
            model with a condition. They are compared with, and become the requests that the server
            runs before it takes others (needs the extra "serving"). Default None: examples drawn
            from the model are compared with, and the server is not warmed up.
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
        RuntimeError: when the exported model differs from the Keras model; nothing is left then.

    Example:

    >>> import numpy as np
    >>> import keras_infovae as ki
    >>> model = ki.InfoVAE(latent_dim=2, encoder="mlp", decoder="mlp")
    >>> model.build((None, 4))
    >>> path = ki.serving.export_for_serving(model, "exported/my_model")  # doctest: +SKIP
    Exported to exported/my_model/1. The largest difference from the Keras model is 1.2e-07.
    """
    with GraphLoader() as loader:
        path, differences = export(
            model, directory, version, signatures, warmup, preprocessing, loader, classes
        )
    worst = max(differences.values())
    print(f"Exported to {path}. The largest difference from the Keras model is {worst:.2g}.")
    return path


def export(model, directory, version, names, warmup, preprocessing, loader, classes=None):
    """Does what `export_for_serving` says with a `GraphLoader` that may serve several models.

    Returns:
        The path, and {signature: the largest difference from the Keras model}.
    """
    check_model(model)
    classes = _check_classes(classes, model)
    path = _version_path(directory, version)  # before anything else is done
    inputs = ServingInputs(model, preprocessing)
    names = signature_table.choose(names, inputs)
    if warmup is not None:
        warm_up.check_available()
    traced = saved_model.trace(signature_table.make(names, inputs))
    samples = Samples(inputs, warmup)
    limit = parity.tolerance(model)
    loader.start()  # gets ready meanwhile
    with temporary_directory(path) as temporary:
        saved_model.write(temporary, traced, preprocessing)
        differences = parity.check(temporary, names, samples, loader, limit)
        if warmup is not None:
            warm_up.write(temporary, names, samples)
        description = model_card.describe(model, traced, preprocessing, differences, limit, classes)
        model_card.write(temporary, description)
        return _publish(temporary, directory, version), differences


def check_model(model):
    """Raises TypeError or ValueError unless `model` is a built one of this package."""
    if not hasattr(model, "generate_rows"):
        raise argument_error("model", "a model of this package", type(model), TypeError)
    if model.event_shape is None:
        raise ValueError(
            "Argument `model` must be built, by fit(x) or build((None, ...)) with the shape of x. "
            f"Received: a {type(model).__name__} that does not know the shape of x"
        )


def _check_classes(classes, model):
    """Returns `classes` as a list fit for JSON, or None."""
    if classes is None:
        return None
    count = model.condition.num_classes
    if count is None:
        expected = "None for a model whose condition is no class"
        raise argument_error("classes", expected, classes)
    labels = classes.tolist() if isinstance(classes, np.ndarray) else classes
    alike = isinstance(labels, (list, tuple)) and any(
        all(isinstance(label, kind) for label in labels) for kind in (str, numbers.Real)
    )
    if not alike or len(labels) != count or len(set(labels)) != count:
        raise argument_error("classes", f"{count} different labels, text or numbers", classes)
    return np.array(labels).tolist()


def _publish(temporary, directory, version):
    """Renames the finished version and returns its path; a number of its own is the next free one.

    Another export may have taken the number that was free at the beginning.
    """
    while True:
        path = _version_path(directory, version)
        try:
            rename_to_new(temporary, path)
            return path
        except FileExistsError:
            if version is not None:
                raise


def _version_path(directory, version):
    """Returns the path of a version that is not there yet, below a directory that can be used."""
    if not isinstance(directory, (str, os.PathLike)) or not os.fspath(directory):
        raise argument_error("directory", "a path", directory, TypeError)
    directory = os.fspath(directory)
    if ".." in directory.split(os.sep):
        raise argument_error("directory", "a path without '..'", directory)
    if os.path.islink(directory):
        raise argument_error("directory", "a directory, not a symbolic link", directory)
    existing = os.path.abspath(directory)
    while not os.path.lexists(existing):
        existing = os.path.dirname(existing)
    if not os.path.isdir(existing):
        raise argument_error("directory", f"a directory, which {existing} is not", directory)
    if not os.access(existing, os.W_OK | os.X_OK):
        raise argument_error("directory", f"writable, which {existing} is not", directory)
    taken = versions_in(directory)
    if version is None:
        version = max(taken, default=0) + 1
        while os.path.lexists(os.path.join(directory, str(version))):  # a file, no version
            version += 1
        # Not looked at again: whoever takes it meanwhile is found when the version is renamed.
        return os.path.join(directory, str(check_version("version", version)))
    version = check_version("version", version)
    path = os.path.join(directory, taken.get(version, str(version)))
    if os.path.lexists(path):
        raise FileExistsError(
            f"Argument `version` must be a version that is not there yet. Received: "
            f"version={version}, which is {path}"
        )
    return path
