"""Requests that cannot be answered: each gets the right error, and the server goes on."""

import base64
import json
import re

import grpc
import numpy as np
import pytest
import requests

from tests.serving.server.conftest import pixels, png
from tests.serving.server.test_grpc import predict_request

IMAGE = pixels(1).tolist()
SHAPE = "float32 of shape [n, 8, 8, 1]"
HEADER = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"


def bomb(width, height):
    """A few bytes that say to be a large image."""
    return HEADER + width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\0\0\0\0" * 4


def nested(depth, value="1.0"):
    return "[" * depth + value + "]" * depth


def rest_cases():
    """Yields (body, text of the error); every one is a 400."""
    for body in (b"", b"{", b"[]", b"3", b"null", b'"x"', b"\xff\xfe{}", b"\x80abc", b"{'x': 1}"):
        yield body, "body"
    for depth in (1_000, 100_000, 1_000_000):
        yield f'{{"instances": {nested(depth)}}}', ""
        yield f'{{"instances": {"[" * depth}', "body"
        yield f'{{"instances": {nested(50)}, "a": {nested(depth)}}}', ""
    yield '{"instances": [' + "9" * 5000 + "]}", ""
    for document in (
        {},
        {"signature_name": "score"},
        {"instances": IMAGE, "inputs": IMAGE},
        {"instance": IMAGE},
    ):
        yield document, "One of `instances` and `inputs`"
    for name in (3, None, ["score"], {"a": 1}, True):
        yield {"signature_name": name, "instances": IMAGE}, "`signature_name`"
    # === Rows ===
    yield {"instances": [{"y" * 100_000: 1}]}, "Input `yyy"
    yield '{"instances": {"a": ' + nested(900) + "}}", "`instances`"
    for rows in ([], {}, None, "x", 3, {"x": IMAGE}):
        yield {"instances": rows}, "`instances`"
    for row in ({}, 3, {"z": 1}, {"b64": "AA"}):
        yield {"instances": [{"x": IMAGE[0]}, row]}, "`instances[1]` must have `x`, like row 0"
    for row in (3, {"b64": "AA"}):
        rows = [row, row, {"x": 1}]
        yield {"instances": rows}, "`instances[2]` must be a plain value, like row 0"
    for rows in ([{}], [{"y": 1}], [{"x": IMAGE[0], "y": 1}], [{"X": IMAGE[0]}]):
        yield {"instances": rows}, "Input `"
    # === Names, types, shapes; in both forms ===
    for inputs in ({}, {"y": IMAGE}, {"x": IMAGE, "y": IMAGE}, {"": IMAGE}, {"b64": "AA", "x": 1}):
        yield {"inputs": inputs}, "Input `"
    yield {"signature_name": "encode", "inputs": IMAGE}, "several: `seed`, `x`"
    yield {"signature_name": "encode", "instances": IMAGE}, "several: `seed`, `x`"
    for bad in (None, "text", True, {"a": 1}, {"b64": "AA"}, [1], [], 10**400, 1e400, -1e39):
        for place in range(3):
            x = pixels(1).tolist()
            if place == 0:
                x = bad
            elif place == 1:
                x[0][3] = bad
            else:
                x[0][3][2][0] = bad
            if place or not isinstance(bad, dict):
                yield {"inputs": {"x": x}}, "Input `x`"
            if place:
                yield {"instances": x}, "Input `x`"
    for shape in ((1, 8, 8), (1, 8, 8, 3), (1, 8, 8, 1, 1), (1, 7, 8, 1), (8, 8, 1), (1, 64), (1,)):
        for form in ("instances", "inputs"):
            yield {form: np.zeros(shape).tolist()}, SHAPE
    yield {"inputs": np.zeros((0, 8, 8, 1)).tolist()}, SHAPE
    yield {"instances": [IMAGE[0], IMAGE[0][:7]]}, "lists of equal lengths"
    for number in ("NaN", "Infinity", "-Infinity", "1e999", "-1e999"):
        text = json.dumps({"inputs": {"x": IMAGE}})
        yield re.sub(r"\d+\.0", number, text, count=1), "Input `x` must be finite"
    for z in ([0.0] * 15, [0.0] * 17, [[0.0] * 16], 0.0, [True] * 16, ["0"] * 16):
        yield {"signature_name": "decode", "instances": [z]}, "Input `z` must be float32 of shape"
    # === What the model refuses ===
    for value in (-1.0, 16.1, 1e30):
        yield {"instances": np.full((1, 8, 8, 1), value).tolist()}, "Input `x` must be at"
    for seed in (-1, -(2**63)):
        yield {"signature_name": "generate", "inputs": [seed]}, "`seed` must be at least 0"
    for seed in (1.5, 1.0, True, None, "1", 2**63, 10**30, -(2**63) - 1, [1], {"b64": "AA"}):
        yield {"signature_name": "generate", "inputs": [seed]}, "Input `seed`"
    yield {"signature_name": "generate", "inputs": 3}, "int64 of shape [n]"
    yield {"signature_name": "encode", "inputs": {"x": IMAGE, "seed": [1, 2]}}, "rows"
    yield {"signature_name": "encode", "inputs": {"x": IMAGE}}, "Input `seed` must be given"
    # === Files of images ===
    good = base64.b64encode(png(1)[0]).decode()
    for content in ("text", 3, None, True, {"b64": 3}, {"b64": "@@"}, {"b64": "A"}, {"b32": "AA"}):
        yield {"signature_name": "score_image_bytes", "inputs": [content]}, "`image_bytes`"
    for content in (
        *(b"", b"\x89PNG", HEADER, b"GIF89a" + b"\0" * 20, b"BM" + b"\0" * 60, b"\xff\xd8\xff"),
        *(bomb(30000, 30000), bomb(2**31, 2**31), bomb(0, 8), bomb(4097, 4096)),
        *(png(1)[0][:40], png(1)[0][:-20], bomb(8, 8)),
    ):
        file = {"b64": base64.b64encode(content).decode()}
        yield {"signature_name": "score_image_bytes", "inputs": [file]}, ""
        yield {"signature_name": "score_image_bytes", "inputs": [{"b64": good}, file]}, ""
    # === Regress ===
    for examples in (None, [], {}, 3, [3], [None], [[1.0]], ["x"]):
        yield {"signature_name": "regress", "examples": examples}, "`examples`"
    for x in (None, [None], [True], [[1.0]], [1, 1.5], {"a": 1}, [2**70], ["a", 1.0], [1e39]):
        yield {"signature_name": "regress", "examples": [{"x": x}]}, "x"
    for x in ([1.0] * 63, [1.0] * 65, [1] * 64, ["a"] * 64, [], [17.0] * 64, [float("nan")] * 64):
        yield {"signature_name": "regress", "examples": [{"x": x}]}, ""
    yield {"signature_name": "regress", "examples": [{}]}, "x"
    yield {"signature_name": "regress", "context": 3, "examples": [{}]}, "`context`"
    for content in (b"\xff\xfe", b"\n\x8f\x02", b"\x0a\x05\x0a\x03\xff\xff\xff"):  # no examples
        file = {"b64": base64.b64encode(content).decode()}
        yield {"signature_name": "regress", "instances": [file]}, ""
    # === Text that UTF-8 cannot hold ===
    half = "\ud800"
    yield {"inputs": {half: IMAGE}}, "is not one of"
    yield {"signature_name": "regress", "examples": [{"x": half}]}, "`x` must be Unicode"
    yield {"signature_name": "regress", "examples": [{half: 1}]}, "`a name in examples`"
    yield {"signature_name": "regress", "context": {half: 1}, "examples": [{}]}, "in context`"
    file = {"b64": half}
    yield {"signature_name": "score_image_bytes", "inputs": [file]}, "`image_bytes`"
    yield {"signature_name": "score", "examples": [{"x": [1.0] * 64}]}, "tensorflow/serving/predict"


@pytest.fixture(scope="module")
def still_answers(server):
    """Afterwards the server answers, nothing waits, and its log has no fault."""
    yield
    assert server.post(instances=IMAGE)[0] == 200
    assert server.metric("keras_infovae_queued_requests") == 0
    assert "Traceback" not in server.text


def test_rest(server, still_answers):
    cases = list(rest_cases())
    assert len(cases) >= 200
    with requests.Session() as session:
        for body, text in cases:
            verb = "regress" if isinstance(body, dict) and "examples" in body else "predict"
            data = json.dumps(body) if isinstance(body, dict) else body
            answer = session.post(f"{server.url}:{verb}", data=data, timeout=30)
            received = f"{data[:100]}: {answer.status_code} {answer.text}"
            assert answer.status_code == 400, received
            assert set(answer.json()) == {"error"}, received
            assert text in answer.json()["error"], received
            assert len(answer.text) < 500, received


def grpc_cases():
    """Yields (request as bytes, text of the error); every one is INVALID_ARGUMENT."""

    def request(name, **inputs):
        return predict_request(name, inputs)

    def changed(change):
        made = request("score", x=pixels(1))
        change(made.inputs["x"])
        return made.SerializeToString()

    whole = request("score", x=pixels(1)).SerializeToString()
    for length in range(1, len(whole), 6):
        yield whole[:length], ""
    for junk in (b"\xff" * 9, b"\x12", b"\0" * 5):
        yield whole + junk, "The request"
    yield request("score").SerializeToString(), "`x` must be given"
    yield request("score", **{"y" * 100_000: pixels(1)}).SerializeToString(), "Input `yyy"
    yield request("score", y=pixels(1)).SerializeToString(), "Input `y` is not one of"
    for array in (pixels(1).astype("float64"), pixels(1).astype("int64"), [b"text"], pixels(1)[0]):
        yield request("score", x=array).SerializeToString(), SHAPE
    yield request("score", x=pixels(1)[:0]).SerializeToString(), "at least 1 row"
    yield request("encode", x=pixels(2), seed=np.array([1])).SerializeToString(), "rows"
    for value in (np.nan, np.inf, -np.inf):
        yield (
            request("score", x=np.where(pixels(1) > 8, value, 1).astype("f4")).SerializeToString(),
            ("Input `x` must be finite"),
        )
    yield request("generate", seed=np.array([-1])).SerializeToString(), "`seed`"
    for file in (b"", bomb(30000, 30000), b"text"):
        made = request("score_image_bytes", image_bytes=[png(1)[0], file])
        yield made.SerializeToString(), "Input `image_bytes"
    for rows in (3, 1):  # TensorFlow's own reader would repeat the last string
        made = request("score_image_bytes", image_bytes=png(2))
        made.inputs["image_bytes"].tensor_shape.dim[0].size = rows
        yield made.SerializeToString(), f"must be {rows} strings. Received: 2"
    for dtype in (0, 99, 7, 101):
        yield changed(lambda x, dtype=dtype: setattr(x, "dtype", dtype)), SHAPE
    for size in (-1, -(2**62)):
        yield changed(lambda x, size=size: setattr(x.tensor_shape.dim[0], "size", size)), SHAPE
    yield changed(lambda x: setattr(x.tensor_shape.dim[1], "size", 2**62)), SHAPE
    yield changed(lambda x: setattr(x.tensor_shape, "unknown_rank", True)), SHAPE
    yield changed(lambda x: setattr(x, "tensor_content", x.tensor_content[:-4])), "Input `x`"
    yield changed(lambda x: setattr(x, "tensor_content", b"")), "without values"
    yield (
        changed(lambda x: (setattr(x, "tensor_content", b""), x.float_val.extend([0] * 65))),
        "`x`",
    )
    yield changed(lambda x: setattr(x.tensor_shape.dim[0], "size", 4)), "Input `x`"


def test_grpc(server, channel, still_answers):
    call = channel.unary_unary("/tensorflow.serving.PredictionService/Predict")
    cases = list(grpc_cases())
    assert len(cases) >= 60
    for content, text in cases:
        try:
            call(content, timeout=30)
        except grpc.RpcError as error:
            # A truncated request may still be a message, of no model or no such signature.
            codes = {grpc.StatusCode.INVALID_ARGUMENT}
            codes |= {grpc.StatusCode.NOT_FOUND} if not text else set()
            assert error.code() in codes, (content[:60], error)
            assert text in error.details(), (content[:60], error)
        else:
            raise AssertionError(f"{content[:60]} was answered")
    # The server makes nothing of a shape before it knows it to fit: one value, repeated.
    huge = predict_request("score", {"x": pixels(1)})
    huge.inputs["x"].tensor_content = b""
    huge.inputs["x"].float_val.append(1.0)
    for rows, code in ((10**9, "INVALID_ARGUMENT"), (4, None)):
        huge.inputs["x"].tensor_shape.dim[0].size = rows
        if code is None:
            call(huge.SerializeToString(), timeout=30)
        else:
            with pytest.raises(grpc.RpcError) as error:
                call(huge.SerializeToString(), timeout=30)
            assert error.value.code().name == code
