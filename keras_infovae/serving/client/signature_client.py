"""Any signature of a model on a server."""

import concurrent.futures
import json
import threading
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_infovae.serving.client import tensors
from keras_infovae.serving.client.parts import slices
from keras_infovae.serving.client.retries import Deadline, with_retries
from keras_infovae.serving.client.serving_error import ServingError
from keras_infovae.serving.signatures import preprocessor
from keras_infovae.serving.versions import check_version
from keras_infovae.typing import Array
from keras_infovae.utils.checks import argument_error, check_integer, check_number

_STATUS_SECONDS = 5.0  # for a status; a server that needs longer is not ready
_POLL_SECONDS = 0.2
# When the version that was asked may have given way to another, which is asked then, once.
_CHANGED = ("NOT_FOUND", "HTTP 404", "ABORTED")


class SignatureClient:
    """Asks for signatures by name. The arguments are those of `Client`, which adds the methods."""

    def __init__(
        self,
        address: str,
        *,
        model_name: str,
        version: int | str | None = None,
        timeout: float = 60.0,
        retries: int = 4,
        max_rows: int = 128,
        max_bytes: int = 4_000_000,
        concurrency: int = 4,
        headers: Mapping[str, str] | None = None,
        credentials: Any = None,
    ) -> None:
        for name, value in (("address", address), ("model_name", model_name)):
            if not isinstance(value, str) or not value:
                raise argument_error(name, "a string that is not empty", value, TypeError)
        if not isinstance(version, str) and version is not None:
            version = check_version("version", version)
        if headers is not None and (
            not isinstance(headers, dict)
            or not all(isinstance(text, str) for pair in headers.items() for text in pair)
        ):
            raise argument_error("headers", "{name: value}, of strings", headers, TypeError)
        self.address, self.model_name, self.version = address, model_name, version
        self.timeout = check_number("timeout", timeout, exclusive_minimum=0.0)
        self.retries = check_integer("retries", retries, minimum=0)
        self.max_rows = check_integer("max_rows", max_rows)
        self.max_bytes = check_integer("max_bytes", max_bytes)
        concurrency = check_integer("concurrency", concurrency)
        self._transport = _transport(
            address, model_name, version, dict(headers or {}), credentials, concurrency
        )
        self._pool = concurrent.futures.ThreadPoolExecutor(concurrency)
        self._signatures = None
        self._preprocessors = {}  # {version: the preprocessor of raw data, or None}
        self._preprocessor = None
        self._lock = threading.Lock()
        self._closed = False

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self) -> None:
        """Closes the connections. Calls that are under way end with an error."""
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._transport.close()

    # === Any signature ===

    def run(self, signature: str, inputs: Mapping[str, Array]) -> dict[str, np.ndarray]:
        """Returns {output: array [n, ...]} of a signature, for {input: array [n, ...]}.

        Example:

        >>> client.run("encode", {"x": x, "seed": [0, 1]})["log_variance"]  # doctest: +SKIP
        """
        return self._call(signature, lambda: inputs, Deadline(self.timeout))

    def _call(self, signature, inputs, deadline):
        """Does what `run` does, for a function that gives the inputs as a version takes them."""
        for repeated in (False, True):
            try:
                return self._run(signature, inputs(), deadline)
            except ServingError as error:
                self._signatures = None  # another version may be there by now, with other ones
                if repeated or error.status not in _CHANGED:
                    raise

    def _run(self, signature, inputs, deadline):
        specs = self._signature(signature, deadline)
        inputs = _checked(inputs, specs["inputs"], signature)
        row_bytes = _row_bytes(inputs, specs["outputs"])
        parts = list(slices(row_bytes, self.max_rows, self.max_bytes))
        version = None
        if len(parts) > 1 and not isinstance(self.version, int):  # all parts ask the same one
            version, signatures = self._learn(deadline)
            if signatures.get(signature) != specs:
                raise self._changed(signature)

        def ask(part):
            sent = {name: array[part] for name, array in inputs.items()}
            answer = self._attempts(
                lambda seconds: self._transport.predict(
                    signature, sent, specs["outputs"], seconds, version
                ),
                deadline,
                signature,
            )
            if answer is None:
                raise self._changed(signature)
            return answer

        answers = self._in_order(ask, parts)
        return {name: np.concatenate([a[name] for a in answers]) for name in answers[0]}

    def _changed(self, signature):
        details = "its inputs and outputs are not those of the metadata: another version took over"
        return ServingError(self.address, self.model_name, signature, "ABORTED", details)

    def _in_order(self, ask, parts):
        if len(parts) == 1:
            return [ask(parts[0])]
        futures = [self._pool.submit(ask, part) for part in parts]
        try:
            return [future.result() for future in futures]
        finally:  # after an error nobody needs the others
            for future in futures:
                future.cancel()

    def _attempts(self, attempt, deadline, signature=None):
        if self._closed:
            raise RuntimeError(f"The client of {self.address} is closed")

        def checked_attempt(seconds):
            if seconds <= 0:
                raise ServingError(
                    self.address,
                    self.model_name,
                    signature,
                    "DEADLINE_EXCEEDED",
                    f"`timeout` ({self.timeout:g} s) is over",
                )
            return attempt(seconds)

        return with_retries(checked_attempt, deadline, self.retries)

    # === The server ===

    def metadata(self) -> dict[str, Any]:
        """Returns {"model_name", "version", "signatures"}, asked anew.

        `signatures` is {name: {"inputs": {name: {"dtype", "shape"}}, "outputs": ...}}.
        """
        version, signatures = self._learn(Deadline(self.timeout))
        return {
            "model_name": self.model_name,
            "version": version,
            "signatures": {
                name: {
                    side: {key: tensors.description(spec) for key, spec in specs.items()}
                    for side, specs in signature.items()
                }
                for name, signature in signatures.items()
            },
        }

    def ready(self) -> bool:
        """Returns whether the model, in the client's version, answers requests."""
        try:
            return "AVAILABLE" in self._states(self.timeout).values()
        except ServingError:
            return False

    def wait_until_ready(self, timeout: float = 60.0) -> None:
        """Returns when the model answers requests.

        Args:
            timeout: seconds. Default 60.

        Raises:
            ServingError: when they are over, with what was last heard.
        """
        deadline = Deadline(check_number("timeout", timeout, exclusive_minimum=0.0))
        while True:
            try:
                # The pause may have been a little longer than what was left.
                heard = self._states(max(deadline.remaining(), 0.01))
                if "AVAILABLE" in heard.values():
                    return
            except ServingError as error:
                heard = f"{error.status}: {error.details}"
            if deadline.remaining() <= _POLL_SECONDS:
                raise ServingError(
                    self.address,
                    self.model_name,
                    None,
                    "DEADLINE_EXCEEDED",
                    f"not ready after {timeout:g} s; last heard: {heard}",
                )
            time.sleep(_POLL_SECONDS)

    def _states(self, seconds):
        if self._closed:
            raise RuntimeError(f"The client of {self.address} is closed")
        return self._transport.states(min(seconds, self.timeout, _STATUS_SECONDS))

    def _learn(self, deadline):
        version, signatures = self._attempts(self._transport.metadata, deadline)
        if version not in self._preprocessors:
            self._preprocessors = {version: self._asked_preprocessor(version, signatures, deadline)}
        self._preprocessor = self._preprocessors[version]
        if self._preprocessor is not None:
            signatures = tensors.with_missing(signatures, self._preprocessor)
        self._signatures = signatures
        return version, signatures

    def _asked_preprocessor(self, version, signatures, deadline):
        """Returns the preprocessor of a version of a model of raw data, or None."""
        name = preprocessor.PreprocessorText.name
        if name not in signatures:
            return None
        from keras_infovae.preprocessors import Preprocessor  # with TensorFlow

        outputs = signatures[name]["outputs"]
        asked = {preprocessor.INPUT: np.zeros(1, "int64")}
        answer = self._attempts(
            lambda seconds: self._transport.predict(name, asked, outputs, seconds, version),
            deadline,
            name,
        )
        if answer is None:
            raise self._changed(name)
        try:
            return Preprocessor.of_config(json.loads(answer[preprocessor.OUTPUT][0]))
        except (KeyError, TypeError, ValueError) as error:
            status, details = "INTERNAL", f"a preprocessor that cannot be read: {error}"
            raise ServingError(self.address, self.model_name, name, status, details) from error

    def _learned(self, deadline):
        """Returns the signatures, asked of the server where they are not known."""
        with self._lock:  # threads that begin together ask once
            return self._signatures or self._learn(deadline)[1]

    def _signature(self, name, deadline):
        signatures = self._learned(deadline)
        if name not in signatures:
            raise ServingError(
                self.address, self.model_name, name, "NOT_FOUND", f"there are {list(signatures)}"
            )
        return signatures[name]


def _transport(address, model_name, version, headers, credentials, concurrency):
    arguments = (address, model_name, version, headers, credentials)
    is_rest = address.startswith(("http://", "https://"))
    if not is_rest and ("://" in address or ":" not in address):
        raise argument_error("address", "'host:port', 'http://...' or 'https://...'", address)
    if credentials is not None and address.startswith("http://"):
        raise argument_error("credentials", "None for http", credentials)
    try:
        if is_rest:
            from keras_infovae.serving.client.rest_transport import RestTransport

            return RestTransport(*arguments, connections=concurrency)
        from keras_infovae.serving.client.grpc_transport import GrpcTransport

        return GrpcTransport(*arguments)
    except ImportError as error:
        raise ImportError(
            'Argument `address` needs the extra "serving" for this protocol: '
            f"pip install 'keras-infovae[serving]'. Received: address={address!r}, and {error}"
        ) from error


def _checked(inputs, specs, signature):
    """Returns {input: array} for a signature that takes `specs`."""
    if set(inputs) != set(specs):
        raise ValueError(
            f"Signature `{signature}` takes {sorted(specs)}. Received: {sorted(inputs)}"
        )
    arrays = {name: tensors.checked(name, value, specs[name]) for name, value in inputs.items()}
    counts = {name: len(array) for name, array in arrays.items()}
    if len(set(counts.values())) != 1:
        raise ValueError(f"All inputs must have the same number of rows. Received: {counts}")
    return arrays


def _row_bytes(inputs, outputs):
    """Returns the bytes of each row, the larger of what is sent and what comes back, [n]."""
    sent = sum(
        np.array([len(item) for item in array])
        if array.dtype == object
        else np.full(len(array), array[:1].nbytes)
        for array in inputs.values()
    )
    return np.maximum(sent, sum(map(tensors.row_bytes, outputs.values())))
