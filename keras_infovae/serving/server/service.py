"""What both protocols ask of the server."""

import asyncio
import concurrent.futures
import contextlib

from keras_infovae.serving.server.errors import RequestError
from keras_infovae.serving.server.room import Room
from keras_infovae.serving.server.tensors import InputChecker
from keras_infovae.serving.signatures.serving_default import ServingDefault

_CLASSIFY = "tensorflow/serving/classify"
_LARGE = 2**13  # bytes from which on a request is read in a thread, so that others go on


class Service:
    """Answers requests that are arrays already, by whatever version they ask for.

    Args:
        settings: the server's `Settings`.
        metrics, versions, batcher: its parts.

    Attributes:
        checker: the `InputChecker`.
        requests: the `Room` that large requests share, from their first byte to their answer.
        stopping: whether the server is about to end.
    """

    def __init__(self, settings, metrics, versions, batcher):
        self.settings = settings
        self.metrics = metrics
        self.versions = versions
        self.checker = InputChecker(settings)
        self.stopping = False
        room = (settings.max_bytes_at_once, settings.read_seconds)
        self.requests, self._answers = Room(*room), Room(*room)
        self._batcher = batcher
        # One: the interpreter would let several take turns, and all of their memory stay.
        self._reader = concurrent.futures.ThreadPoolExecutor(1, "read")
        self._reading = 0

    @property
    def ready(self):
        """Whether requests can be answered."""
        return bool(self.versions.loaded) and not self.stopping

    def check_model(self, name):
        """Raises `RequestError` for another name than the model's."""
        known = self.settings.model_name
        if name != known:
            raise RequestError("NOT_FOUND", f"Model {name!r} is not served here, {known!r} is")

    def lend(self, model, number=None, label=None):
        """Gives the `LoadedVersion` that a request is about, as `Versions.lend` does."""
        self.check_model(model)
        labels = self.settings.labels
        if label is not None and label not in labels:
            known = ", ".join(sorted(labels)) or "none"
            message = f"Unrecognized servable version label: {label!r:.100}. Labels: {known}"
            raise RequestError("INVALID_ARGUMENT", message)
        return self.versions.lend(number if label is None else labels[label])

    def states(self, number=None):
        """Returns {number: State} of one version, or of all, newest first."""
        known = self.versions.states
        if number is not None and number not in known:
            raise RequestError("NOT_FOUND", f"Version {number} is not known")
        numbers = sorted(known, reverse=True) if number is None else [number]
        return {number: known[number] for number in numbers}

    @staticmethod
    def signature(version, name, method=None):
        """Returns (name, Signature) of a version.

        Args:
            version: a `LoadedVersion`.
            name: of the signature; "" stands for "serving_default".
            method: the API that it has to be for. Default: any, for prediction.
        """
        name = name or ServingDefault.name
        signature = version.signatures.get(name)
        if signature is None:
            known = ", ".join(sorted(version.signatures))
            # The codes are TensorFlow Serving's.
            code = "INVALID_ARGUMENT" if method else "FAILED_PRECONDITION"
            message = f"There is no signature {name!r:.100}. There are: {known}"
            raise RequestError(code, message)
        if method not in (None, signature.method):
            message = f"Signature {name!r} is for {signature.method}, not for {method}"
            raise RequestError("INVALID_ARGUMENT", message)
        return name, signature

    def no_classes(self, version, name):
        """Raises for whatever signature classification is asked of: no export has one."""
        self.signature(version, name, _CLASSIFY)

    def checked(self, signature, inputs):
        """Returns (rows, pixels) of {name: array} after all checks."""
        self.checker.check_names(signature.inputs, inputs)
        shapes = {name: value.shape for name, value in inputs.items()}
        rows = self.checker.check_shapes(signature.inputs, shapes)
        return rows, self.checker.check_values(inputs, signature.pixels, signature.missing)

    @contextlib.asynccontextmanager
    async def answer(self, version, name, inputs, rows, pixels):
        """Gives {output: array} for checked inputs, of so many rows and pixels of images.

        The block makes the answer of them; large ones wait until there is memory for them.
        """
        outputs = version.signatures[name].outputs
        counted = self.checker.joined_rows(outputs, rows, pixels)
        async with self._answers.share() as take:
            await take(rows * sum(spec.row_bytes for spec in outputs.values()))
            yield await self._batcher.run(version, name, inputs, rows, counted)

    @property
    def running(self):
        """Whether the thread for large requests and answers is at work, 0 or 1."""
        return self._reading

    async def read(self, size, function, *arguments):
        """Returns what the function makes of `size` bytes; in a thread where they are many."""
        if size < _LARGE:
            return function(*arguments)

        def call():
            self._reading += 1
            try:
                return function(*arguments)
            finally:
                self._reading -= 1

        return await asyncio.get_running_loop().run_in_executor(self._reader, call)


@contextlib.contextmanager
def malformed(what):
    """Turns what a parser raises into the error of a request that it cannot read."""
    try:
        yield
    except RequestError:
        raise
    except Exception as error:  # parsers differ in what they raise
        raise RequestError("INVALID_ARGUMENT", f"{what} cannot be read: {error}") from error
