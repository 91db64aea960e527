"""What is in the folder of a preset: `preset.json`, and the files that it names."""

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterable
from typing import Any

from keras_infovae.typing import Numbers, Path

MANIFEST, CONFIG, WEIGHTS, CARD = "preset.json", "config.json", "model.weights.h5", "README.md"
FORMAT_KEY, FORMAT = "keras_infovae_preset", 1
FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_LARGEST_TEXT = 64 * 2**20  # of a JSON file, bytes
_BLOCK = 2**20


def is_preset(folder: Path) -> bool:
    """Returns whether `folder` has the `preset.json` that makes it a preset."""
    return os.path.isfile(os.path.join(folder, MANIFEST))


def read_manifest(folder: Path) -> Numbers:
    """Returns what `preset.json` in `folder` says, a dictionary whose form is checked.

    Raises:
        ValueError: naming the file, for one of another form.
    """
    path = os.path.join(folder, MANIFEST)
    manifest = parse(path, read_bytes(path))
    if not isinstance(manifest, dict) or FORMAT_KEY not in manifest:
        raise preset_error(path, f"has no {FORMAT_KEY!r}: it is not of a preset")
    if manifest[FORMAT_KEY] != FORMAT:
        raise preset_error(
            path,
            f"is of the format {manifest[FORMAT_KEY]!r}, and this version of keras-infovae reads "
            f"{FORMAT}",
        )
    for name in ("name", "model", "registered_name"):
        if not isinstance(manifest.get(name), str):
            raise preset_error(path, f"has no text {name!r}")
    files = manifest.get("files")
    if not isinstance(files, dict) or not {CONFIG, WEIGHTS} <= set(files):
        raise preset_error(path, f"must name {CONFIG} and {WEIGHTS} in 'files'")
    for name, about in files.items():
        if not FILE_NAME.fullmatch(name) or name == MANIFEST:
            raise preset_error(path, f"names a file that no preset has: {name!r}")
        size, digest = (about.get(key) for key in ("bytes", "sha256")) if _is(about) else (0, 0)
        if type(size) is not int or size < 0 or not re.fullmatch("[0-9a-f]{64}", str(digest)):
            raise preset_error(path, f"must have 'bytes' and 'sha256' of {name}")
    return manifest


def check_files(folder: Path, manifest: Numbers) -> None:
    """Raises ValueError unless the files are there with their sizes, and then with their hashes.

    Sizes are compared first: they cost nothing, and bound what is read.
    """
    for name, about in manifest["files"].items():
        path = os.path.join(folder, name)
        size = size_of(path)
        if size != about["bytes"]:
            raise preset_error(
                path, f"must have {about['bytes']:,} bytes, says {MANIFEST}; it has {size:,}"
            )
    for name, about in manifest["files"].items():
        path = os.path.join(folder, name)
        found = checksum(path)
        if found != about["sha256"]:
            raise preset_error(
                path, f"is damaged: its SHA-256 is {found}, and {MANIFEST} says {about['sha256']}"
            )


def describe_files(folder: Path, names: Iterable[str]) -> dict[str, Numbers]:
    """Returns {name: {"bytes", "sha256"}} of files in `folder`."""
    paths = {name: os.path.join(folder, name) for name in sorted(names)}
    return {n: {"bytes": size_of(path), "sha256": checksum(path)} for n, path in paths.items()}


def checksum(path: Path) -> str:
    """Returns the SHA-256 of a file, 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def size_of(path: Path) -> int:
    """Returns the bytes of a regular file, or of the one that a link leads to, as hubs' do.

    Raises:
        FileNotFoundError: naming a path at which nothing is.
        ValueError: for what is no file, such as a pipe, which might be read for ever.
    """
    found = os.stat(path)
    if not stat.S_ISREG(found.st_mode):
        raise preset_error(path, "is no regular file")
    return found.st_size


def read_bytes(path: Path) -> bytes:
    """Returns the content of a file of text, of at most 64 MiB."""
    if size_of(path) > _LARGEST_TEXT:
        raise preset_error(path, f"has more than {_LARGEST_TEXT:,} bytes")
    with open(path, "rb") as file:
        return file.read()


def parse(path: Path, content: bytes | str) -> Any:
    """Returns the value of JSON.

    Raises:
        ValueError: naming `path`, for other text.
    """
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise preset_error(path, f"is no JSON ({error})") from error


def preset_error(path: Path, problem: str) -> ValueError:
    """Returns (does not raise) the error of a preset, which names the file."""
    return ValueError(f"{path} {problem}")


def _is(about):
    return isinstance(about, dict)
