"""What a request asks for, by its method and path, in the grammar of TensorFlow Serving."""

import dataclasses
import re
import urllib.parse

from keras_infovae.serving.server.errors import RequestError
from keras_infovae.serving.versions import LARGEST

ROOT = "/v1/"  # of the API; in letters of any case, as all that follows but the names
_WHICH = r"(?:/versions/(\d+)|/labels/([^/:]+))?"
_COMPUTED = re.compile(rf"(?ai:/v1/models/([^/:]+){_WHICH}:)(classify|regress|predict)")
_TOLD = re.compile(rf"(?ai:/v1/models(?:/([^/:]+))?{_WHICH}(?:/(metadata))?)")


@dataclasses.dataclass(frozen=True)
class Target:
    """What is asked for.

    Attributes:
        model: its name.
        version, label: which of its versions, at most one of them; None for none.
        action: "classify", "regress", "predict", "metadata" or "status".
    """

    model: str
    version: int | None
    label: str | None
    action: str


def target(method, path):
    """Returns the `Target` of a request.

    Args:
        method: of HTTP.
        path: as it was sent, without the query.

    Raises:
        RequestError: INVALID_ARGUMENT for whatever is not in the grammar.

    Example:

    >>> target("POST", "/v1/models/digits/labels/stable:predict").label
    'stable'
    """
    found = {"POST": _COMPUTED, "GET": _TOLD}.get(method, _NOTHING).fullmatch(path)
    if not found:
        raise RequestError("INVALID_ARGUMENT", f"Malformed request: {method} {path}")
    model, version, label, action = found.groups()
    if model is None:
        raise RequestError("INVALID_ARGUMENT", "Missing model name in request.")
    if version is not None and (len(version) > 4000 or int(version) > LARGEST):
        message = f"A version must be at most {LARGEST}. Received: {version}"
        raise RequestError("INVALID_ARGUMENT", message)
    return Target(
        urllib.parse.unquote(model),
        None if version is None else int(version),
        None if label is None else urllib.parse.unquote(label),
        action.lower() if action else "status",
    )


_NOTHING = re.compile(r"(?!)")
