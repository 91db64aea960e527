"""The REST API against the exported file, in the forms that TensorFlow Serving documents."""

import base64

import numpy as np
import pytest
import requests
import tensorflow as tf

from keras_infovae.serving.signatures import SIGNATURES
from tests.serving.server.conftest import pixels, png

SEED = [0, 5, 2**40]


def requests_of(name):
    """Returns {input: array or list of bytes} of three rows for a signature."""
    inputs = {"x": pixels(3), "seed": np.array(SEED), "image_bytes": png(3)}
    inputs["z"] = np.linspace(-1, 1, 48, dtype="float32").reshape(3, 16)
    return {key: inputs[key] for key in SIGNATURES[name].takes or ["x"]}


def as_json(value):
    if isinstance(value, list):
        return [{"b64": base64.b64encode(content).decode()} for content in value]
    return value.tolist()


PREDICT = [name for name in SIGNATURES if name not in ("regress", "log_prob", "preprocessor")]


@pytest.mark.parametrize("name", PREDICT)
def test_both_forms_give_what_the_file_gives(server, model, name):
    inputs = requests_of(name)
    expected = model.run(name, inputs)
    columns = {key: as_json(value) for key, value in inputs.items()}
    rows = [dict(zip(columns, row)) for row in zip(*columns.values())]
    status, answer = server.post(signature_name=name, inputs=columns)
    assert status == 200, answer
    given = answer["outputs"] if len(expected) > 1 else {next(iter(expected)): answer["outputs"]}
    status, answer = server.post(signature_name=name, instances=rows)
    assert status == 200, answer
    predictions = answer["predictions"]
    for key, value in expected.items():
        # The same numbers, bit by bit: the batch is the same.
        np.testing.assert_array_equal(np.array(given[key], "float32"), value)
        column = [row[key] for row in predictions] if len(expected) > 1 else predictions
        np.testing.assert_array_equal(np.array(column, "float32"), value)
    if len(inputs) == 1:  # needs no name
        plain = next(iter(columns.values()))
        for form, key in (("instances", "predictions"), ("inputs", "outputs")):
            same = server.post(signature_name=name, **{form: plain})[1]
            assert same[key] == (predictions if form == "instances" else server_columns(given))


def server_columns(given):
    return given if len(given) > 1 else next(iter(given.values()))


def test_the_default_signature_and_versions_by_number(server):
    x = pixels(1).tolist()
    expected = server.post(signature_name="serving_default", instances=x)
    for path in ("", "/versions/3", "/versions/03"):
        assert server.post(path=path, instances=x) == expected
    assert expected[0] == 200


def test_regress_with_a_context(server, model):
    x = pixels(2).reshape(2, 64)
    examples = [{"x": row.tolist()} for row in x]
    status, answer = server.post("regress", signature_name="regress", examples=examples)
    assert status == 200, answer
    expected = model.run("score", {"x": x.reshape(2, 8, 8, 1)})["negative_elbo"]
    np.testing.assert_allclose(answer["results"], expected, rtol=1e-6)
    context = server.post(
        "regress", signature_name="regress", context=examples[0], examples=[{}, examples[1]]
    )
    assert context == (status, answer)  # an example's own feature goes before the context's


def test_regress_is_also_predict_of_serialized_examples(server):
    features = {"x": tf.train.Feature(float_list=tf.train.FloatList(value=pixels(1).ravel()))}
    example = tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()
    encoded = {"b64": base64.b64encode(example).decode()}
    status, answer = server.post(signature_name="regress", instances=[encoded])
    results = server.post(
        "regress", signature_name="regress", examples=[{"x": pixels(1).ravel().tolist()}]
    )[1]["results"]
    assert (status, answer["predictions"]) == (200, [results])


def test_status_and_metadata(server, version):
    assert requests.get(server.url, timeout=10).json() == {
        "model_version_status": [
            {
                "version": "3",
                "state": "AVAILABLE",
                "status": {"error_code": "OK", "error_message": ""},
            }
        ]
    }
    answer = requests.get(f"{server.url}/versions/3/metadata", timeout=10).json()
    assert answer == requests.get(f"{server.url}/metadata", timeout=10).json()
    assert answer["model_spec"] == {"name": "digits", "signature_name": "", "version": "3"}
    signatures = answer["metadata"]["signature_def"]["signature_def"]
    assert set(signatures) == {*PREDICT, "regress"}
    assert signatures["regress"]["method_name"] == "tensorflow/serving/regress"
    seed = signatures["generate"]["inputs"]["seed"]
    assert seed["dtype"] == "DT_INT64"
    assert seed["tensor_shape"] == {"dim": [{"size": "-1", "name": ""}], "unknown_rank": False}


@pytest.mark.parametrize("path", ["/metrics", "/monitoring/prometheus/metrics"])
def test_metrics(server, path):
    server.post(signature_name="generate", inputs={"seed": [1]})
    server.post(signature_name="no such one", inputs={"seed": [1]})
    answer = requests.get(server.root + path, timeout=10)
    assert answer.headers["content-type"].startswith("text/plain")
    for beginning in (
        'keras_infovae_requests_total{method="predict",protocol="rest",signature="generate",'
        'status="OK"} ',
        'keras_infovae_requests_total{method="predict",protocol="rest",signature="",'
        'status="FAILED_PRECONDITION"} ',
        'keras_infovae_request_seconds_bucket{le="0.1",method="predict",protocol="rest",'
        'signature="generate"} ',
        'keras_infovae_batch_rows_bucket{le="1.0"} ',
        "keras_infovae_queued_requests 0.0",
        'keras_infovae_loaded_version{model="digits",version="3"} 1.0',
    ):
        assert f"\n{beginning}" in answer.text
    assert "no such one" not in answer.text  # or clients could make labels without end
