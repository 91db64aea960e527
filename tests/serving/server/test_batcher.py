"""How requests are joined, with a version that notes what it is asked to run."""

import asyncio
import dataclasses
import threading
import types

import numpy as np
import pytest

from keras_infovae.serving.server.batcher import Batcher
from keras_infovae.serving.server.errors import RequestError
from keras_infovae.serving.server.metrics import Metrics
from tests.serving.server.conftest import SETTINGS


class Version:
    """Doubles x; refuses a batch with a negative value; waits while `closed` is set."""

    def __init__(self, batched=True):
        self.signatures = {"double": types.SimpleNamespace(batched=batched)}
        self.open = threading.Event()
        self.open.set()
        self.batches = []

    def run(self, name, inputs):
        self.batches.append(inputs["x"].tolist())
        assert self.open.wait(10)
        if (inputs["x"] < 0).any():
            raise ValueError("negative")
        return {"y": 2 * inputs["x"]}


def run(scenario, version=None, **settings):
    """Returns what the coroutine `scenario(batcher, send)` returns."""
    version = version or Version()
    defaults = {"batch_threads": 1, "max_batch_size": 4, "batch_timeout_ms": 20.0}
    made = dataclasses.replace(SETTINGS, **(defaults | settings))

    async def main():
        batcher = Batcher(made, Metrics())

        def send(*values):
            array = np.array(values)
            return asyncio.ensure_future(batcher.run(version, "double", {"x": array}, len(array)))

        try:
            return await scenario(batcher, send)
        finally:
            batcher.close()

    return asyncio.run(main()), version.batches


def test_requests_are_joined_and_their_answers_split():
    async def scenario(_, send):
        return await asyncio.gather(send(1), send(2, 3), send(4))

    answers, batches = run(scenario)
    assert batches == [[1, 2, 3, 4]]
    assert [answer["y"].tolist() for answer in answers] == [[2], [4, 6], [8]]


def test_a_batch_that_is_not_full_waits_for_the_timeout_alone():
    async def scenario(_, send):
        start = asyncio.get_running_loop().time()
        await send(1)
        return asyncio.get_running_loop().time() - start

    elapsed, batches = run(scenario, batch_timeout_ms=50.0)
    assert elapsed >= 0.049  # the clock's resolution
    assert batches == [[1]]
    assert run(scenario, batch_timeout_ms=60_000.0, max_batch_size=1)[0] < 30  # full at once


def test_no_batch_is_larger_than_allowed_and_order_is_kept():
    async def scenario(_, send):
        return await asyncio.gather(*[send(i, i) for i in range(7)])

    _, batches = run(scenario, max_batch_size=5)
    assert batches == [[0, 0, 1, 1], [2, 2, 3, 3], [4, 4, 5, 5], [6, 6]]
    _, batches = run(scenario, max_batch_size=1)  # each is too large: alone
    assert batches == [[i, i] for i in range(7)]


@pytest.mark.parametrize("arguments", [{"batching": False}, {"version": Version(batched=False)}])
def test_without_batching_each_runs_alone(arguments):
    async def scenario(_, send):
        return await asyncio.gather(*[send(i) for i in range(3)])

    assert run(scenario, **arguments)[1] == [[0], [1], [2]]


def test_an_error_is_that_of_the_bad_request_alone():
    async def scenario(_, send):
        return await asyncio.gather(send(1), send(-1), send(2), return_exceptions=True)

    (first, second, third), batches = run(scenario)
    assert batches == [[1, -1, 2], [1], [-1], [2]]
    assert (first["y"], third["y"]) == ([2], [4])
    assert isinstance(second, RequestError)
    assert (second.code, str(second)) == ("INTERNAL", "ValueError: negative")


def test_shapes_that_differ_are_not_joined():
    async def scenario(_, send):
        return await asyncio.gather(send([1, 2]), send([3]), send([4, 5]))

    assert run(scenario)[1] == [[[1, 2], [4, 5]], [[3]]]


def test_the_queue_is_bounded_and_requests_gather_while_threads_are_busy():
    version = Version()

    async def scenario(batcher, send):
        version.open.clear()
        running = [send(0)]
        while not version.batches:
            await asyncio.sleep(0.001)
        running += [send(1), send(2), send(3)]
        await asyncio.sleep(0.01)
        assert batcher.depth == 3
        with pytest.raises(RequestError, match="max_queued_requests") as error:
            await send(4)
        assert (error.value.code, error.value.http_status) == ("RESOURCE_EXHAUSTED", 503)
        version.open.set()
        await asyncio.gather(*running)
        assert batcher.depth == 0

    _, batches = run(scenario, version, max_queued_requests=3, batch_timeout_ms=0.0)
    assert batches == [[0], [1, 2, 3]]


def test_a_cancelled_request_is_not_run():
    version = Version()

    async def scenario(_, send):
        version.open.clear()
        first = send(0)
        while not version.batches:
            await asyncio.sleep(0.001)
        gone, stays = send(1), send(2)
        await asyncio.sleep(0)
        gone.cancel()
        version.open.set()
        await asyncio.gather(first, stays)
        assert gone.cancelled()

    assert run(scenario, version)[1] == [[0], [2]]
