"""Presets on hubs, by the hubs' own clients, which are imported when they are needed."""

import os
import re

from keras_infovae.utils.checks import argument_error
from keras_infovae.zoo.contents import CARD, MANIFEST, read_manifest

_PART = "[A-Za-z0-9][A-Za-z0-9_.-]*"
_EXTRAS = {"huggingface_hub": "huggingface", "kagglehub": "kaggle"}


def get(scheme: str, handle: str) -> str:
    """Returns the folder of a preset that a client of a hub downloaded, or had already.

    Args:
        scheme: "hf" or "kaggle".
        handle: "user/name" or "user/name@revision"; "owner/model/framework/variation", also with
            "/version".
    """
    if scheme not in _CLIENTS:
        raise argument_error(
            "preset", "a name, a path, hf://... or kaggle://...", f"{scheme}://{handle}"
        )
    pattern, form, download = _CLIENTS[scheme]
    if not re.fullmatch(pattern, handle):
        raise argument_error("preset", f"{scheme}://{form}", f"{scheme}://{handle}")
    try:
        return os.fspath(download(handle))
    except ImportError:
        raise
    except Exception as error:  # each client, and each version of it, raises errors of its own
        raise ConnectionError(
            f"The preset {scheme}://{handle} could not be had ({type(error).__name__}: {error}). "
            "Without a network only what was downloaded before can be loaded; a folder that was "
            "copied here loads by its path."
        ) from error


def _hugging_face(handle):
    client = _import("huggingface_hub")
    name, _, revision = handle.partition("@")

    def download(files):
        return client.snapshot_download(name, revision=revision or None, allow_patterns=files)

    folder = download([MANIFEST])
    try:
        files = read_manifest(folder)["files"]
    except (OSError, ValueError):
        return folder  # who loads it is told what is wrong
    return download([MANIFEST, CARD, *files])


def _kaggle(handle):
    return _import("kagglehub").model_download(handle)


def _import(module):
    import importlib

    try:
        return importlib.import_module(module)
    except ImportError as error:
        extra = _EXTRAS[module]
        raise ImportError(
            f"Presets of this hub need {module}: pip install keras-infovae[{extra}]"
        ) from error


_CLIENTS = {
    "hf": (f"{_PART}/{_PART}(@[A-Za-z0-9_./-]+)?", "user/name", _hugging_face),
    "kaggle": (
        f"{_PART}/{_PART}/{_PART}/{_PART}(/[0-9]+)?",
        "owner/model/framework/variation",
        _kaggle,
    ),
}
