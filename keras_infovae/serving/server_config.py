"""The files that TensorFlow Serving is configured by."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Mapping
from typing import Any

from keras_infovae.serving.versions import versions_in
from keras_infovae.typing import Path
from keras_infovae.utils.checks import argument_error, check_integer
from keras_infovae.utils.files import whole_file

MODELS, BATCHING, MONITORING = "models.config", "batching_params.pbtxt", "monitoring.config"
_MONITORING = """prometheus_config {
  enable: true
  path: "/monitoring/prometheus/metrics"
}
"""


def write_server_config(
    directory: Path,
    *,
    base_path: str = "/models",
    versions: Any = "latest",
    labels: Mapping[str, Mapping[str, int]] | None = None,
    max_batch_size: int = 128,
    batch_timeout_micros: int = 1000,
    num_batch_threads: int | None = None,
    max_enqueued_batches: int = 100,
) -> list[str]:
    """Writes `models.config`, `batching_params.pbtxt` and `monitoring.config` to `directory`.

    They go to TensorFlow Serving as `--model_config_file`, `--batching_parameters_file` (with
    `--enable_batching`) and `--monitoring_config_file`; docs/serving.md has the command. Files of
    these names are written anew. There are no `allowed_batch_sizes`: rows do not depend on each
    other, so that any size will do, and padding would only be more work.

    Args:
        directory: what holds the models' directories, each with its versions.
        base_path: what the server calls `directory`. Default "/models".
        versions: which versions of each model are served: "latest" (default), "all", or an
            integer for that many of the newest.
        labels: {model: {label: version}}, for clients that ask for "stable". These versions are
            then served, and no others unless `versions` is "all". The server needs
            `--allow_version_labels_for_unavailable_models` to start with them. Default None.
        max_batch_size: rows that the server computes at a time, of one request or of several.
            Default 128, the `max_rows` of `Client`.
        batch_timeout_micros: how long a request waits for others, in microseconds. Default 1000.
        num_batch_threads: batches that are computed at a time. Default None: as many as the
            server has cores.
        max_enqueued_batches: batches that wait; requests beyond them are answered UNAVAILABLE,
            which `Client` tries again. Default 100.

    Returns:
        The paths of the three files.

    Raises:
        ValueError, TypeError: for arguments that cannot be used, and where `directory` holds no
            models; nothing is written then.

    Example:

    >>> labels = {"digits": {"stable": 1}}
    >>> ki.serving.write_server_config("serving", labels=labels)  # doctest: +SKIP
    ['serving/models.config', 'serving/batching_params.pbtxt', 'serving/monitoring.config']
    """
    if not isinstance(base_path, str) or not base_path.startswith("/"):
        raise argument_error("base_path", "an absolute path", base_path)
    if isinstance(versions, str) and versions not in ("latest", "all"):
        raise argument_error("versions", "'latest', 'all' or an integer", versions)
    if not isinstance(versions, str):
        versions = check_integer("versions", versions)
    models = _models(directory)
    labels = _check_labels({} if labels is None else labels, models)
    batching = {
        "max_batch_size": check_integer("max_batch_size", max_batch_size),
        "batch_timeout_micros": check_integer("batch_timeout_micros", batch_timeout_micros, 0),
        "max_enqueued_batches": check_integer("max_enqueued_batches", max_enqueued_batches),
    }
    if num_batch_threads is not None:
        batching["num_batch_threads"] = check_integer("num_batch_threads", num_batch_threads)
    configs = (
        _model_config(name, posixpath.join(base_path, name), versions, labels.get(name, {}))
        for name in models
    )
    contents = {
        MODELS: "model_config_list {\n" + "".join(configs) + "}\n",
        BATCHING: "".join(f"{name} {{ value: {value} }}\n" for name, value in batching.items()),
        MONITORING: _MONITORING,
    }
    paths = []
    for name, text in contents.items():
        paths.append(os.path.join(directory, name))
        with whole_file(paths[-1]) as temporary, open(temporary, "w", encoding="utf-8") as file:
            file.write(text)
    return paths


def _models(directory):
    """Returns {model: its versions}."""
    if not isinstance(directory, (str, os.PathLike)) or not os.path.isdir(directory):
        raise argument_error("directory", "a directory", directory)
    found = {
        name: set(versions_in(os.path.join(directory, name)))
        for name in sorted(os.listdir(directory))
        if not name.startswith(".")
    }
    found = {name: versions for name, versions in found.items() if versions}
    if not found:
        raise argument_error(
            "directory", "what holds the directories that `export_for_serving` wrote", directory
        )
    return found


def _check_labels(labels, models):
    if not isinstance(labels, dict) or not all(isinstance(v, dict) for v in labels.values()):
        raise argument_error("labels", "{model: {label: version}}", labels, TypeError)
    for model, named in labels.items():
        if model not in models:
            raise argument_error("labels", f"of the models {sorted(models)}", labels)
        for label, version in named.items():
            if not isinstance(label, str) or not label:
                raise argument_error("labels", "{model: {label: version}}", labels, TypeError)
            if check_integer(f"labels[{model!r}][{label!r}]", version) not in models[model]:
                raise argument_error(
                    f"labels[{model!r}][{label!r}]", f"one of {sorted(models[model])}", version
                )
    return labels


def _model_config(name, path, versions, labels):
    if labels and versions != "all":
        numbers = " ".join(f"versions: {number}" for number in sorted(set(labels.values())))
        policy = f"specific {{ {numbers} }}"
    elif versions == "all":
        policy = "all { }"
    else:
        policy = f"latest {{ num_versions: {1 if versions == 'latest' else versions} }}"
    lines = [
        f"name: {_quoted(name)}",
        f"base_path: {_quoted(path)}",
        'model_platform: "tensorflow"',
        f"model_version_policy {{ {policy} }}",
        *(f"version_labels {{ key: {_quoted(k)} value: {v} }}" for k, v in labels.items()),
    ]
    return "  config {\n" + "".join(f"    {line}\n" for line in lines) + "  }\n"


def _quoted(text):
    """Returns `text` as a string of the text format of protocol buffers."""
    escaped = "".join(
        chr(byte) if 32 <= byte < 127 and chr(byte) not in "\"\\'" else f"\\{byte:03o}"
        for byte in text.encode("utf-8")
    )
    return f'"{escaped}"'
