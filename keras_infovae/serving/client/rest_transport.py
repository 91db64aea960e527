"""TensorFlow Serving's REST API. It needs NumPy and requests alone."""

import base64
import http.cookiejar
import json
import os

import numpy as np
import requests

from keras_infovae.serving.client.retries import Deadline
from keras_infovae.serving.client.serving_error import ServingError
from keras_infovae.serving.client.tensors import read_signatures
from keras_infovae.utils.checks import argument_error

_TRANSIENT = (429, 502, 503, 504)
_BLOCK = 1 << 16


class RestTransport:
    """Connections to a server, kept open; may be used by several threads.

    Args:
        address: "http://host:port" or "https://host", with a path before /v1 where there is one.
        model_name: of the model on the server.
        version: None, a number, or a label.
        headers: {name: value}, sent with each request.
        credentials: of "https": None for the authorities that requests trusts, or the path of a
            file of certificates.
        connections: how many are kept.
    """

    def __init__(self, address, model_name, version, headers, credentials, connections):
        self._address, self._model_name = address, model_name
        name = requests.utils.quote(model_name, safe="")
        self._model_url = f"{address.rstrip('/')}/v1/models/{name}"
        self._url = self._versioned(version)
        self._session = requests.Session()
        self._session.headers.update(headers)
        # Cookies are what threads would not share safely.
        self._session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        # With each request: the session's gives way to the environment.
        self._verify = _authorities(credentials)
        adapter = requests.adapters.HTTPAdapter(pool_maxsize=connections)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, adapter)

    def close(self):
        self._session.close()

    def predict(self, signature, inputs, outputs, seconds, version=None):
        """Returns {output: array} for {input: array}, or None where they are not `outputs`.

        `outputs` is {name: TensorSpec}. A number as `version` takes the place of the transport's
        own. The name of an output that is alone is not in the answer.
        """
        url = self._url if version is None else self._versioned(version)
        body = {
            "signature_name": signature,
            "inputs": {name: as_json(array) for name, array in inputs.items()},
        }
        # NaN, a missing value, is what TensorFlow Serving's JSON has; it takes no null.
        text = json.dumps(body, separators=(",", ":"))
        answer = self._ask("POST", f"{url}:predict", seconds, signature, text)
        try:
            values = answer["outputs"]
            if not isinstance(values, dict):
                values = dict.fromkeys(outputs, values) if len(outputs) == 1 else {}
            if set(values) != set(outputs):
                return None
            return {name: _array(values[name], spec) for name, spec in outputs.items()}
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise self._error(
                signature, "HTTP 200", f"an answer of another form: {error}"
            ) from None

    def metadata(self, seconds):
        """Returns (the version's number, signatures as `read_signatures` has them)."""
        answer = self._ask("GET", f"{self._url}/metadata", seconds)
        try:
            signatures = read_signatures(answer["metadata"]["signature_def"])
            return int(answer["model_spec"]["version"]), signatures
        except (KeyError, TypeError, ValueError) as error:
            raise self._error(None, "HTTP 200", f"metadata of another form: {error}") from None

    def states(self, seconds):
        """Returns {version: its state}, such as {1: "AVAILABLE"}."""
        answer = self._ask("GET", self._url, seconds)
        try:
            return {int(s["version"]): s["state"] for s in answer["model_version_status"]}
        except (KeyError, TypeError, ValueError) as error:
            raise self._error(None, "HTTP 200", f"a status of another form: {error}") from None

    def _versioned(self, version):
        """Returns the URL of a number, a label, or (None) the newest version."""
        if version is None:
            return self._model_url
        if isinstance(version, str):
            return f"{self._model_url}/labels/{requests.utils.quote(version, safe='')}"
        return f"{self._model_url}/versions/{version}"

    def _ask(self, method, url, seconds, signature=None, body=None):
        """Returns the JSON of an answer."""
        deadline = Deadline(seconds)
        headers = {} if body is None else {"Content-Type": "application/json"}
        try:
            with self._session.request(
                method,
                url,
                data=body,
                headers=headers,
                timeout=seconds,
                verify=self._verify,
                stream=True,
            ) as response:
                content = bytearray()
                for block in response.iter_content(_BLOCK):
                    content += block
                    if deadline.remaining() < 0:  # `timeout` is that of each block
                        raise requests.Timeout("the answer came too slowly")
        except requests.RequestException as error:
            # A body that stalls is a ConnectionError of requests.
            is_over = deadline.remaining() <= 0
            status, transient = _failure(error)
            status = "DEADLINE_EXCEEDED" if is_over else status
            raise self._error(signature, status, error, transient and not is_over) from error
        if response.status_code != 200:
            raise self._error(
                signature,
                f"HTTP {response.status_code}",
                _message(content),
                response.status_code in _TRANSIENT,
                _seconds(response.headers.get("Retry-After")),
            )
        try:
            return json.loads(bytes(content), parse_constant=_constant)
        except ValueError as error:
            raise self._error(signature, "HTTP 200", f"no strict JSON: {error}") from error

    def _error(self, signature, status, details, transient=False, retry_after=0.0):
        arguments = (self._address, self._model_name, signature, status, str(details))
        return ServingError(*arguments, transient, retry_after)


def as_json(array):
    """Returns an array as nested lists for `json.dumps`, which read back are the same array.

    float32 is written with the fewest digits that tell it from its neighbors, strings in base64.

    Example:

    >>> as_json(np.array([[0.1, 1e-7]], "float32"))
    [[0.1, 1e-07]]
    """
    if array.dtype == object:
        return [{"b64": base64.b64encode(item).decode("ascii")} for item in array]
    if array.dtype == np.float32:
        shortest = [float(str(value)) for value in array.ravel()]
        array = np.array(shortest).reshape(array.shape)
    return array.tolist()


def _array(value, spec):
    if spec.dtype is None:
        raise ValueError("an output that is neither of numbers nor of text")
    if spec.dtype == object:
        array = np.empty(len(value), object)
        array[:] = [_bytes(item, spec) for item in value]
    else:
        array = np.asarray(value, spec.dtype)  # of null becomes NaN
    if array.dtype.kind == "f" and not spec.missing and np.isnan(array).any():
        raise ValueError("NaN in an output that has no missing values")
    if array.ndim != len(spec.shape):
        raise ValueError(f"an output of shape {array.shape} instead of {spec.shape}")
    return array


def _bytes(value, spec):
    if value is None and spec.missing:
        return b""
    if isinstance(value, dict):
        return base64.b64decode(value["b64"], validate=True)
    return value.encode("utf-8")


def _authorities(credentials):
    """Returns what requests verifies by: None, or the path of a file that is there."""
    if credentials is None:
        return None
    expectation = "None or the path of a file of trusted certificates for https"
    if not isinstance(credentials, (str, os.PathLike)):
        raise argument_error("credentials", expectation, type(credentials), TypeError)
    if not os.path.isfile(credentials):
        raise argument_error("credentials", f"{expectation}, which is there", credentials)
    return os.fspath(credentials)


def _failure(error):
    """Returns (status, whether it may pass) of an error of requests."""
    if isinstance(error, requests.Timeout):
        return "DEADLINE_EXCEEDED", isinstance(error, requests.ConnectTimeout)
    if isinstance(error, requests.exceptions.SSLError):
        return "UNAVAILABLE", False
    if isinstance(error, (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        return "UNAVAILABLE", True
    return "UNKNOWN", False


def _message(content):
    """Returns what an error says: {"error": ...} of the server, or a text of what is before it."""
    try:
        return json.loads(bytes(content))["error"]
    except (KeyError, TypeError, ValueError):
        return bytes(content[:500]).decode("utf-8", "replace")


def _constant(constant):
    if constant == "NaN":  # as TensorFlow Serving writes it; `_array` refuses it in most outputs
        return float("nan")
    raise ValueError(f"it holds {constant}")


def _seconds(retry_after):
    return float(retry_after) if retry_after and retry_after.isdecimal() else 0.0
