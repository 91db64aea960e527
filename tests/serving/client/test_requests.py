"""What a client sends: refused by name before, and the same numbers after."""

import json
import sys

import numpy as np
import pytest

import keras_infovae as ki
from keras_infovae.serving.client import parts, tensors
from keras_infovae.serving.client.rest_transport import as_json

CLIENT = "keras_infovae.serving.client"
X = np.zeros((2, 4, 4, 1))


@pytest.mark.parametrize(
    ("method", "arguments", "error", "message"),
    [
        ("encode", (X[0],), ValueError, r"`x` must have shape \[n, 4, 4, 1\], n at least 1"),
        ("encode", (X[:0],), ValueError, r"Received: shape=\(0, 4, 4, 1\)"),
        ("encode", (np.full_like(X, np.nan),), ValueError, "`x` must be finite in float32"),
        ("encode", (np.full_like(X, 1e39),), ValueError, "`x` must be finite in float32"),
        ("encode", ([[1.0], [1.0, 2.0]],), ValueError, "`x` must be an array, its rows of one"),
        ("encode", (X.astype("U"),), TypeError, "`x` must be an array of numbers"),
        ("encode", (7,), ValueError, "`x` must have shape"),
        ("encode", (X, True, -1), ValueError, "`seed` must be an integer of at least 0"),
        ("encode", (X, True, 0.5), TypeError, "`seed` must be an integer of at least 0"),
        ("generate", (2, [1, 2]), TypeError, "`seed` must be an integer of at least 0"),
        ("elbo", (X, -1), ValueError, "`seed` must be an integer of at least 0"),
        ("encode", (X, False, None, [1, 1]), ValueError, r"takes \['seed', 'x'\]"),
        ("decode", (np.zeros((1, 2)),), ValueError, r"`z` must have shape \[n, 3\]"),
        ("generate", (0,), ValueError, "`n` must be an integer of at least 1"),
        ("generate", (2.0,), TypeError, "`n` must be an integer"),
        ("encode_image_bytes", (b"png",), TypeError, "`image_bytes` must be a list of bytes"),
        ("encode_image_bytes", (["a.png"],), TypeError, "`image_bytes` must be a list of bytes"),
        ("score_image_bytes", ([],), TypeError, "`image_bytes` must be a list of bytes, at least"),
        ("run", ("encode", {"x": X, "seed": [0]}), ValueError, "the same number of rows"),
        (
            "run",
            ("encode", {"x": X, "seed": np.uint64([0, 2**63])}),
            ValueError,
            "the range of int64",
        ),
        ("run", ("encode", {"x": X, "seed": [0, 1.5]}), TypeError, "`seed` must be an array of"),
        ("run", ("embed", {}), ki.serving.ServingError, "NOT_FOUND: there are.*'encode'"),
    ],
)
def test_what_cannot_be_sent_is_not(client, server, method, arguments, error, message):
    with pytest.raises(error, match=message):
        getattr(client, method)(*arguments)
    assert server.requests == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"address": "localhost"}, "`address` must be 'host:port'"),
        ({"address": "ftp://localhost:8500"}, "`address` must be 'host:port'"),
        ({"address": None}, "`address` must be a string"),
        ({"model_name": ""}, "`model_name` must be a string that is not empty"),
        ({"version": 0}, "`version` must be an integer of at least 1"),
        ({"version": 2**63}, "`version` must be at most 9223372036854775807"),
        ({"timeout": 0}, "`timeout` must be greater than 0"),
        ({"retries": -1}, "`retries` must be an integer of at least 0"),
        ({"max_rows": 0}, "`max_rows` must be"),
        ({"max_bytes": 1.5}, "`max_bytes` must be"),
        ({"concurrency": 0}, "`concurrency` must be"),
        ({"headers": {"Authorization": 1}}, "`headers` must be {name: value}, of strings"),
        ({"headers": "Authorization: me"}, "`headers` must be {name: value}, of strings"),
        ({"address": "http://a", "credentials": "ca.pem"}, "`credentials` must be None for http"),
        ({"address": "https://a", "credentials": False}, "`credentials` must be None or the path"),
        ({"address": "https://a", "credentials": True}, "`credentials` must be None or the path"),
        (
            {"address": "https://a", "credentials": "missing.pem"},
            "certificates for https, which is",
        ),
        ({"address": "https://a", "credentials": "/"}, "certificates for https, which is there"),
        ({"credentials": "ca.pem"}, "`credentials` must be None or grpc.ChannelCredentials"),
    ],
)
def test_settings(settings, message):
    with pytest.raises((ValueError, TypeError), match=message):
        ki.serving.Client(**({"address": "localhost:8500", "model_name": "digits"} | settings))


@pytest.mark.parametrize(("address", "library"), [("a:1", "grpc"), ("http://a", "requests")])
def test_without_the_extra_it_is_named(monkeypatch, address, library):
    for module in ("grpc_transport", "rest_transport"):
        monkeypatch.delitem(sys.modules, f"{CLIENT}.{module}", raising=False)
        monkeypatch.delattr(f"{CLIENT}.{module}", raising=False)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError, match=r"`address` needs the extra \"serving\".*" + library):
        ki.serving.Client(address, model_name="digits")


def test_float32_is_the_same_after_json():
    bits = np.random.default_rng(0).integers(0, 2**32, 20_000, dtype="uint32")
    values = bits.view("float32")
    values = np.append(values[np.isfinite(values)], np.float32([0.1, -0.0, 1e-45, 3.4028235e38]))
    read = np.array(json.loads(json.dumps(as_json(values))), "float32")
    np.testing.assert_array_equal(read.view("uint32"), values.view("uint32"))
    assert json.dumps(as_json(np.float32([0.1, 1 / 3]))) == "[0.1, 0.33333334]"
    assert as_json(np.array([b"\x00\xff", b""], object)) == [{"b64": "AP8="}, {"b64": ""}]


def test_parts_are_as_large_as_allowed_and_no_larger():
    sizes = np.random.default_rng(0).integers(1, 100, 500)
    made = list(parts.slices(sizes, max_rows=7, max_bytes=150))
    assert [row for part in made for row in range(part.start, part.stop)] == list(range(500))
    for part in made:
        n = part.stop - part.start
        assert n <= 7 and (sizes[part].sum() <= 150 or n == 1)
        more = sizes[part.start : part.stop + 1]
        assert n == 7 or more.sum() > 150 or part.stop == 500


def test_what_a_server_says_of_tensors():
    def info(dtype, *sizes):
        return {"dtype": dtype, "tensor_shape": {"dim": [{"size": str(size)} for size in sizes]}}

    inputs = {"x": info("DT_DOUBLE", -1, 3), "text": info("DT_STRING", -1), "q": info("DT_QINT8")}
    metadata = {
        "signature_def": {"a": {"inputs": inputs, "outputs": {}}, "__saved_model_init_op": {}}
    }
    (signature,) = tensors.read_signatures(metadata).values()
    described = {name: tensors.description(spec) for name, spec in signature["inputs"].items()}
    assert described == {
        "q": {"dtype": None, "shape": []},
        "text": {"dtype": "string", "shape": [-1]},
        "x": {"dtype": "float64", "shape": [-1, 3]},
    }
    with pytest.raises(TypeError, match="`q` must be of a type that this client can send"):
        tensors.checked("q", [1], signature["inputs"]["q"])
    assert tensors.checked("x", [[1, 2, 3]], signature["inputs"]["x"]).dtype == np.float64
