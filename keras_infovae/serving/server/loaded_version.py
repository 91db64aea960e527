"""One version of the model, as it is held in memory."""

import dataclasses
import json
import math
import os
import types

import tensorflow as tf

from keras_infovae.serving.graph_model import GraphModel
from keras_infovae.serving.server import examples
from keras_infovae.serving.server.tensors import Spec
from keras_infovae.serving.server.version_files import check_files
from keras_infovae.serving.signatures import regress
from keras_infovae.serving.signatures.serving_default import ServingDefault
from keras_infovae.serving.warmup import FILE


@dataclasses.dataclass(frozen=True)
class Signature:
    """What a request is held against.

    Attributes:
        inputs, outputs: {name: Spec}.
        method: the API that it is for.
        pixels: that the model makes of an image, of whatever size its file is; 0 for none.
    """

    inputs: types.MappingProxyType
    outputs: types.MappingProxyType
    method: str
    pixels: int = 0

    @property
    def missing(self):
        """The names of inputs in which values may be missing."""
        return {name for name, spec in self.inputs.items() if spec.missing}

    @property
    def batched(self):
        """Whether requests can be joined along the first axis."""
        return all(spec.batched for spec in (*self.inputs.values(), *self.outputs.values()))


class LoadedVersion:
    """A version, loaded and warmed up; closed once it is retired and no request uses it.

    Args:
        number: of the version.
        path: of its directory.

    Attributes:
        signatures: {name: Signature}.
        definitions: {name: SignatureDef}.
        in_flight: the number of requests that use it.
        retired: whether no new request gets it.
    """

    def __init__(self, number, path):
        self.number = number
        self.in_flight = 0
        self.retired = False
        check_files(path)
        self._model = GraphModel(path)
        self.definitions = self._model.signatures
        try:
            missing = _missing(path)
            given = {
                name: _specs(made.inputs, missing.get((name, "inputs"), ()))
                for name, made in self.definitions.items()
            }
            pixels = _pixels(given.values())
            self.signatures = {
                name: Signature(
                    given[name],
                    _specs(made.outputs, missing.get((name, "outputs"), ())),
                    made.method_name,
                    pixels,
                )
                for name, made in self.definitions.items()
            }
            self._warm_up(os.path.join(path, FILE))
        except BaseException:
            self.close()
            raise

    def run(self, signature, inputs):
        """Returns {output: array} of a signature, for {input: array}."""
        return self._model.run(signature, inputs)

    def close(self):
        self._model.close()

    def _warm_up(self, path):
        """Runs the requests of `assets.extra`; one that fails is an error of the version."""
        if not os.path.exists(path):
            return
        from tensorflow_serving.apis import prediction_log_pb2

        for number, record in enumerate(tf.data.TFRecordDataset(path).as_numpy_iterator()):
            if number == _MOST_RECORDS:
                raise ValueError(f"{FILE} must hold at most {_MOST_RECORDS} requests")
            self._run_record(number, prediction_log_pb2.PredictionLog.FromString(record))

    def _run_record(self, number, log):
        what = f"Request {number} of {FILE}"
        if log.HasField("predict_log"):
            request = log.predict_log.request
            inputs = {key: tf.make_ndarray(value) for key, value in request.inputs.items()}
        elif log.HasField("regress_log"):
            request = log.regress_log.request
            inputs = {regress.INPUT: examples.serialized(request.input)}
        else:
            kind = log.WhichOneof("log_type") or "nothing"
            raise ValueError(f"{what} must be for prediction or regression. Received: {kind}")
        name = request.model_spec.signature_name or ServingDefault.name
        known = self.signatures.get(name)
        if known is None or set(inputs) != set(known.inputs):
            allowed = {name: sorted(spec.inputs) for name, spec in self.signatures.items()}
            message = f"{what} must be for a signature and its inputs, one of {allowed}"
            raise ValueError(f"{message}. Received: {name!r} with {sorted(inputs)}")
        self.run(name, inputs)


_MOST_RECORDS = 1000  # as TensorFlow Serving has it


def _pixels(signatures):
    """Returns the pixels of the model's images, which signatures of raw values tell."""
    shapes = [inputs["x"].shape for inputs in signatures if "x" in inputs]
    return max((math.prod(s[1:3]) for s in shapes if len(s) == 4 and None not in s[1:3]), default=0)


def _specs(tensors, missing):
    specs = {}
    for name, info in sorted(tensors.items()):
        shape = tf.TensorShape(info.tensor_shape).as_list()
        specs[name] = Spec(tf.as_dtype(info.dtype), tuple(shape), name in missing)
    return types.MappingProxyType(specs)


def _missing(path):
    """Returns {(signature, "inputs" or "outputs"): names of what may hold missing values}.

    It is in the file beside a model that this package exported; the graph does not tell.
    """
    file = os.path.join(path, "signatures.json")
    if not os.path.exists(file):
        return {}
    with open(file, encoding="utf-8") as opened:
        described = json.load(opened).get("signatures", {})
    return {
        (name, side): {key for key, spec in sides.get(side, {}).items() if spec.get("missing")}
        for name, sides in described.items()
        for side in ("inputs", "outputs")
    }
