"""One version of the model, as it is held in memory."""

import dataclasses
import os
import types

import tensorflow as tf

from keras_infovae.serving.graph_model import GraphModel
from keras_infovae.serving.server.tensors import Spec
from keras_infovae.serving.server.version_files import check_files
from keras_infovae.serving.signatures import regress
from keras_infovae.serving.warmup import FILE


@dataclasses.dataclass(frozen=True)
class Signature:
    """What a request is held against: {name: Spec} of inputs and outputs, and the API's method."""

    inputs: types.MappingProxyType
    outputs: types.MappingProxyType
    method: str

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
            self.signatures = {
                name: Signature(
                    _specs(definition.inputs), _specs(definition.outputs), definition.method_name
                )
                for name, definition in self.definitions.items()
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

        for record in tf.data.TFRecordDataset(path).as_numpy_iterator():
            log = prediction_log_pb2.PredictionLog.FromString(record)
            if log.HasField("predict_log"):
                request = log.predict_log.request
                inputs = {key: tf.make_ndarray(value) for key, value in request.inputs.items()}
            else:
                request = log.regress_log.request
                examples = request.input.example_list.examples
                inputs = {regress.INPUT: [example.SerializeToString() for example in examples]}
            self.run(request.model_spec.signature_name, inputs)


def _specs(tensors):
    specs = {}
    for name, info in sorted(tensors.items()):
        shape = tf.TensorShape(info.tensor_shape).as_list()
        specs[name] = Spec(tf.as_dtype(info.dtype), tuple(shape))
    return types.MappingProxyType(specs)
