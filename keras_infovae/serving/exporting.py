"""How a model becomes a directory that TensorFlow Serving loads."""

import numbers
import os

import numpy as np

from keras_infovae.serving import model_card, parity, saved_model, signatures
from keras_infovae.serving import warmup as warm_up
from keras_infovae.serving.samples import Samples
from keras_infovae.serving.served_model import ServedModel
from keras_infovae.serving.unfinished import full_disk_named, locked, remove_abandoned
from keras_infovae.serving.versions import check_version, versions_in
from keras_infovae.utils.checks import argument_error
from keras_infovae.utils.files import rename_to_new, temporary_directory


def export(model, directory, version, names, warmup, preprocessing, loader, classes=None):
    """Does what `export_for_serving` says with a `GraphLoader` that may serve several models.

    Returns:
        The path, and {signature: the largest difference from the Keras model}.
    """
    check_model(model)
    classes = _check_classes(classes, model)
    path = _version_path(directory, version)  # before anything else is done
    served = ServedModel(model, preprocessing)
    chosen = signatures.choose(names, served)
    if warmup is not None:
        warm_up.check_available()
    samples = Samples(served, warmup)
    traced = saved_model.trace_all(chosen, served)
    limit = parity.tolerance(model)
    loader.start()  # gets ready meanwhile
    remove_abandoned(directory)
    with (
        full_disk_named(path),
        temporary_directory(path) as temporary,
        locked(temporary),
    ):
        saved_model.write(temporary, traced, preprocessing, {s.name: s.method for s in chosen})
        differences = parity.check(temporary, chosen, samples, loader, limit)
        if warmup is not None:
            warm_up.write(temporary, chosen, samples)
        description = model_card.describe(served, chosen, traced, differences, limit, classes)
        model_card.write(temporary, description)
        return _publish(temporary, directory, version), differences


def check_model(model):
    """Raises TypeError or ValueError unless `model` is a built one of this package."""
    if not hasattr(model, "capabilities"):
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
