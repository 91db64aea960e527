"""What a request may hold, may answer, and counts for in a batch."""

import asyncio
import dataclasses
import types

import numpy as np
import pytest
import tensorflow as tf

from keras_infovae.serving.server.errors import RequestError
from keras_infovae.serving.server.loaded_version import Signature
from keras_infovae.serving.server.service import Service
from keras_infovae.serving.server.tensors import InputChecker, Spec
from tests.serving.server.conftest import SETTINGS, png

OUTPUTS = {  # 4 * 10 * 10 + 1 bytes of a row
    "x": Spec(tf.float32, (None, 10, 10, 1)),
    "anomaly": Spec(tf.bool, (None,)),
}
ROW = 401


def checker(**limits):
    return InputChecker(dataclasses.replace(SETTINGS, **limits))


def test_the_lengths_of_strings_count():
    strings = np.array([b"abc", b"", b"defg"], object)
    assert checker(max_request_bytes=7).check_values({"inputs": strings}) == 0
    with pytest.raises(RequestError, match="bytes of input `inputs`.*--max_request_bytes"):
        checker(max_request_bytes=6).check_values({"inputs": strings})


def test_an_answer_is_bounded_before_it_is_computed():
    limits = checker(max_response_bytes=9 * ROW, max_batch_size=1)
    assert limits.joined_rows(OUTPUTS, 9, 0) == 9
    with pytest.raises(RequestError, match=r"4010: 10 rows.*--max_response_bytes") as error:
        limits.joined_rows(OUTPUTS, 10, 0)
    assert (error.value.code, error.value.http_status) == ("INVALID_ARGUMENT", 413)


def test_without_a_batch_all_of_an_output_counts():
    outputs = {"prior": Spec(tf.float32, (7, 16)), "free": Spec(tf.float64, (None, None))}
    assert [spec.row_bytes for spec in outputs.values()] == [4 * 7 * 16, 8]


def test_what_is_within_the_limits_of_a_request_is_within_them_in_a_batch():
    limits = {"max_batch_size": 7, "max_image_pixels": 1000, "max_response_bytes": 5 * ROW}
    random, full = np.random.default_rng(0), 0
    for _ in range(300):
        left, rows, pixels = limits["max_batch_size"], 0, 0
        while True:  # as the batcher fills a batch
            request = int(random.integers(1, 4)), int(random.integers(0, 700))
            counted = checker(**limits).joined_rows(OUTPUTS, *request)
            assert counted >= request[0]
            if counted > left:
                break
            left -= counted
            rows, pixels = rows + request[0], pixels + request[1]
        assert rows <= 5 and pixels <= 1000
        full += pixels > 500
    assert full > 30  # the bound is of use: batches are filled


def test_small_requests_count_for_their_rows():
    assert checker().joined_rows(OUTPUTS, 3, 3 * 512 * 1024) == 3  # 32 such images are the limit
    assert checker().joined_rows(OUTPUTS, 3, 3 * 512 * 1024 + 1) == 4
    assert checker().joined_rows({"x": Spec(tf.float32, (None, 2**21))}, 3, 0) == 3  # 8 MiB a row
    assert checker().joined_rows({"x": Spec(tf.float32, (None, 2**21 + 1))}, 3, 0) == 4


def test_the_service_counts_images_by_their_pixels():
    settings = dataclasses.replace(SETTINGS, max_image_pixels=200, max_batch_size=10)
    given = []

    class Batcher:
        async def run(self, version, name, inputs, rows, counted):
            given.append((rows, counted))

    service = Service(settings, None, None, Batcher())
    signature = Signature({"image_bytes": Spec(tf.string, (None,))}, OUTPUTS, "predict")
    version = types.SimpleNamespace(signatures={"score": signature})
    inputs = {"image_bytes": np.array(png(2), object)}
    rows, pixels = service.checked(signature, inputs)
    assert (rows, pixels) == (2, 128)

    async def ask():
        async with service.answer(version, "score", inputs, rows, pixels):
            pass

    asyncio.run(ask())
    assert given == [(2, 7)]  # 6.4 of 10 by the pixels


def test_an_answer_of_many_numbers_is_refused_in_json():
    checker = InputChecker(dataclasses.replace(SETTINGS, max_json_values=1000))
    outputs = {"x": Spec(tf.float32, (None, 8, 4)), "score": Spec(tf.float32, (None,))}
    checker.check_json_answer(outputs, 30)  # 990
    with pytest.raises(RequestError, match=r"1023: 31 rows.*--max_json_values") as error:
        checker.check_json_answer(outputs, 31)
    assert error.value.http_status == 413


def test_small_images_count_as_what_the_model_makes_of_them():
    checker = InputChecker(dataclasses.replace(SETTINGS, max_image_pixels=1000))
    files = {"image_bytes": np.array(png(3), object)}  # of 64 pixels each
    assert checker.check_values(files, 300) == 900
    with pytest.raises(RequestError, match=r"at most 1000 pixels.*work of 1200 for \[0\] to \[2\]"):
        checker.check_values(files, 400)
