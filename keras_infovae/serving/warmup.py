"""The requests that TensorFlow Serving runs before it lets the first user in."""

import os

import tensorflow as tf

from keras_infovae.serving.signatures import regress

BATCH_SIZES = (1, 8)
FILE = os.path.join("assets.extra", "tf_serving_warmup_requests")


def check_available():
    """Raises ImportError, naming the extra, unless TensorFlow Serving's protocol is installed."""
    try:
        from tensorflow_serving.apis import prediction_log_pb2  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "Argument `warmup` needs tensorflow-serving-api, for the warm-up requests: "
            "pip install 'keras-infovae[serving]'. Received: it is not installed"
        ) from error


def write(directory, signatures, samples):
    """Writes two requests of each signature, of 1 row and of all samples, to the version."""
    path = os.path.join(directory, FILE)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with tf.io.TFRecordWriter(path) as writer:
        for signature in signatures:
            inputs = samples.requests(signature)
            for size in BATCH_SIZES:
                rows = {key: value[:size] for key, value in inputs.items()}
                writer.write(_record(signature, rows).SerializeToString())


def _record(signature, inputs):
    from tensorflow_serving.apis import prediction_log_pb2

    record = prediction_log_pb2.PredictionLog()
    if signature.method == regress.METHOD:
        request = record.regress_log.request
        for content in inputs[regress.INPUT]:
            request.input.example_list.examples.add().ParseFromString(content)
    else:
        request = record.predict_log.request
        for key, value in inputs.items():
            request.inputs[key].CopyFrom(tf.make_tensor_proto(value))
    request.model_spec.signature_name = signature.name
    return record
