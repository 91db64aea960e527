"""How requests are joined, with a version that notes what it is asked to run."""

import asyncio
import dataclasses
import threading
import types
import weakref

import numpy as np
import pytest

from keras_infovae.serving.server.batcher import Batcher
from keras_infovae.serving.server.errors import RequestError
from keras_infovae.serving.server.metrics import Metrics
from tests.serving.server.conftest import SETTINGS


class Version:
    """Doubles x; refuses a batch with a negative value; answers once `open` is set."""

    def __init__(self, batched=True):
        self.signatures = {"double": types.SimpleNamespace(batched=batched)}
        self.open = threading.Event()
        self.batches = []

    def run(self, name, inputs):
        self.batches.append(inputs["x"].tolist())
        assert self.open.wait(10)
        if (inputs["x"] < 0).any():
            raise ValueError("negative")
        return {"y": 2 * inputs["x"]}


def run(scenario, version=None, **settings):
    """Returns what the coroutine `scenario(batcher, send)` returns, and the batches.

    `send(value, ...)` asks for rows of these values, which count for `counted` rows of a batch, by
    default for their number. There are two threads; a first batch, [0], keeps one of them busy
    until the scenario sets `version.open`.
    """
    version = version or Version()
    defaults = {"batch_threads": 2, "max_batch_size": 4, "batch_timeout_ms": 60_000.0}
    made = dataclasses.replace(SETTINGS, **(defaults | settings))

    async def main():
        batcher = Batcher(made, Metrics())

        def send(*values, counted=None):
            array = np.array(values)
            asked = batcher.run(version, "double", {"x": array}, len(array), counted or len(array))
            return asyncio.ensure_future(asked)

        first = send(0)
        while not version.batches:
            await asyncio.sleep(0.001)
        try:
            outcome = await asyncio.wait_for(scenario(batcher, send), 30)
            assert (await first)["y"] == [0]
            return outcome
        finally:
            version.open.set()
            batcher.close()

    return asyncio.run(main()), version.batches


async def gathered(version, *sent):
    """Lets the requests gather before the first batch ends; returns their answers."""
    await asyncio.sleep(0.01)
    version.open.set()
    return await asyncio.gather(*sent, return_exceptions=True)


def test_requests_that_come_while_another_batch_runs_are_joined_and_split():
    version = Version()

    async def scenario(_, send):
        return await gathered(version, send(1), send(2))

    answers, batches = run(scenario, version)
    assert batches == [[0], [1, 2]]
    assert [answer["y"].tolist() for answer in answers] == [[2], [4]]


def test_a_full_batch_does_not_wait():
    version = Version()

    async def scenario(_, send):
        sent = [send(1), send(2, 3), send(4)]
        while len(version.batches) < 2:  # in the second thread; the first is still busy
            await asyncio.sleep(0.001)
        assert version.batches == [[0], [1, 2, 3, 4]]
        version.open.set()
        return await asyncio.gather(*sent)

    answers, _ = run(scenario, version)
    assert [answer["y"].tolist() for answer in answers] == [[2], [4, 6], [8]]


def test_a_batch_that_is_not_full_waits_for_the_timeout():
    version = Version()

    async def scenario(_, send):
        loop = asyncio.get_running_loop()
        start, sent = loop.time(), send(1)
        while len(version.batches) < 2:
            await asyncio.sleep(0.001)
        elapsed = loop.time() - start
        version.open.set()
        await sent
        return elapsed

    assert run(scenario, version, batch_timeout_ms=50.0)[0] >= 0.049  # the clock's resolution


def test_a_request_does_not_wait_where_nothing_runs():
    version = Version()
    version.open.set()

    async def scenario(_, send):
        return await send(1)

    assert run(scenario, version)[1] == [[0], [1]]  # in spite of a timeout of a minute


def test_no_batch_is_larger_than_allowed_and_order_is_kept():
    for size, expected in (
        (5, [[1, 1, 2, 2], [3, 3, 4, 4], [5, 5]]),
        (1, [[1, 1], [2, 2], [3, 3], [4, 4], [5, 5]]),  # each is too large: alone
    ):
        version = Version()

        async def scenario(_, send, version=version):
            return await gathered(version, *[send(i, i) for i in range(1, 6)])

        _, batches = run(scenario, version, max_batch_size=size, batch_threads=1)
        assert batches == [[0], *expected]


@pytest.mark.parametrize(
    ("version", "settings"), [(Version(), {"batching": False}), (Version(batched=False), {})]
)
def test_without_batching_each_runs_alone_and_at_once(version, settings):
    async def scenario(_, send):
        sent = [send(i) for i in range(1, 4)]
        while len(version.batches) < 4:
            await asyncio.sleep(0.001)
        return await gathered(version, *sent)

    _, batches = run(scenario, version, batch_threads=4, **settings)
    assert sorted(batches) == [[0], [1], [2], [3]]


def test_an_error_is_that_of_the_bad_request_alone():
    version = Version()

    async def scenario(_, send):
        return await gathered(version, send(1), send(-1), send(2))

    (first, second, third), batches = run(scenario, version)
    assert batches == [[0], [1, -1, 2], [1], [-1], [2]]
    assert (first["y"], third["y"]) == ([2], [4])
    assert isinstance(second, RequestError)
    assert (second.code, str(second)) == ("INTERNAL", "ValueError: negative")


def test_shapes_that_differ_are_not_joined():
    version = Version()

    async def scenario(_, send):
        return await gathered(version, send([1, 2]), send([3]), send([4, 5]))

    assert run(scenario, version, batch_threads=1)[1] == [[0], [[1, 2], [4, 5]], [[3]]]


def test_the_queue_is_bounded():
    version = Version()

    async def scenario(batcher, send):
        sent = [send(1), send(2), send(3)]
        await asyncio.sleep(0)
        assert batcher.depth == 3
        with pytest.raises(RequestError, match="max_queued_requests") as error:
            await send(4)
        assert (error.value.code, error.value.http_status) == ("RESOURCE_EXHAUSTED", 429)
        await gathered(version, *sent)
        assert batcher.depth == 0

    _, batches = run(scenario, version, max_queued_requests=3, batch_threads=1)
    assert batches == [[0], [1, 2, 3]]


def test_a_cancelled_request_is_not_run():
    version = Version()

    async def scenario(_, send):
        gone, stays = send(1), send(2)
        await asyncio.sleep(0)
        gone.cancel()
        await gathered(version, stays)
        assert gone.cancelled()

    assert run(scenario, version)[1] == [[0], [2]]


@pytest.mark.parametrize("batching", [True, False])
def test_a_cancelled_request_leaves_its_queue_at_once(batching):
    """While the only thread is busy: its place, its rows and its tensors are free for others."""
    version = Version()

    async def scenario(batcher, send):
        metrics = Metrics()
        metrics.watch_queue(lambda: batcher.depth)
        x = np.array([1, 1, 1])
        tensor = weakref.ref(x)
        gone = asyncio.ensure_future(batcher.run(version, "double", {"x": x}, 3, 3))
        del x
        stays = send(2)
        await asyncio.sleep(0)
        assert b"keras_infovae_queued_requests 2.0" in metrics.text()
        gone.cancel()
        await asyncio.wait([gone])
        assert b"keras_infovae_queued_requests 1.0" in metrics.text()
        assert sum(queue.counted for queue in batcher._queues.values()) == 1
        assert len(batcher._queues) == 1
        del gone
        assert tensor() is None
        return await gathered(version, stays, send(3))  # there may be two

    answers, batches = run(
        scenario, version, batch_threads=1, max_queued_requests=2, batching=batching
    )
    assert [answer["y"].tolist() for answer in answers] == [[4], [6]]
    assert batches == ([[0], [2, 3]] if batching else [[0], [2], [3]])


def test_a_request_may_count_for_more_rows_than_it_has():
    version = Version()

    async def scenario(_, send):
        sent = [send(1, counted=3), send(2), send(3, counted=2), send(4, counted=9), send(5)]
        return await gathered(version, *sent)

    _, batches = run(scenario, version, batch_threads=1)
    assert batches == [[0], [1, 2], [3], [4], [5]]
