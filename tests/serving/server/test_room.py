"""What large requests share, and the log, without a server."""

import asyncio
import contextlib
import logging

import pytest

from keras_infovae.serving.server import logs
from keras_infovae.serving.server.errors import RequestError
from keras_infovae.serving.server.room import SMALL, Room

UNIT = SMALL


async def hold(room, size, events, name, until):
    async with room.share() as take:
        await take(size)
        events.append(name)
        await until.wait()


def test_shares_wait_in_order_and_come_back():
    async def run():
        room, events, free = Room(4 * UNIT, 10), [], [asyncio.Event() for _ in range(4)]
        sizes = (3 * UNIT, 2 * UNIT, UNIT, 9 * UNIT)  # the last counts as all there is
        tasks = [
            asyncio.ensure_future(hold(room, size, events, number, free[number]))
            for number, size in enumerate(sizes)
        ]
        await asyncio.sleep(0.01)
        assert events == [0]  # the third would fit, and does not overtake
        async with room.share() as take:  # small ones never wait
            await take(UNIT - 1)
        free[0].set()
        await asyncio.sleep(0.01)
        assert events == [0, 1, 2]
        free[1].set()
        free[2].set()
        await asyncio.sleep(0.01)
        assert events == [0, 1, 2, 3]
        free[3].set()
        await asyncio.gather(*tasks)
        assert room._free == 4 * UNIT

    asyncio.run(run())


def test_who_waits_too_long_or_goes_takes_nothing():
    async def run():
        room = Room(UNIT, 0.02)
        async with room.share() as take:
            await take(UNIT)
            await take(UNIT)  # once is enough
            with pytest.raises(RequestError, match="--max_bytes_at_once") as error:
                await hold(room, UNIT, [], 0, asyncio.Event())
            assert (error.value.code, error.value.http_status) == ("RESOURCE_EXHAUSTED", 429)
            gone = asyncio.ensure_future(hold(room, UNIT, [], 0, asyncio.Event()))
            await asyncio.sleep(0)
            gone.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await gone
        # Admitted and cancelled at the same time.
        waiting = asyncio.ensure_future(hold(room, UNIT, [], 0, asyncio.Event()))
        await asyncio.sleep(0)
        waiting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await waiting
        assert room._free == UNIT and not room._waiting

    asyncio.run(run())


def test_a_line_is_let_through_once(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(logs.time, "monotonic", lambda: now[0])
    seldom = logs.Seldom()

    def line(text, level=logging.ERROR, error=None):
        exception = (type(error), error, None) if error else None
        record = logging.LogRecord("a", level, "", 0, "%s", (text,), exception)
        return record.getMessage() if seldom.filter(record) else None

    assert [line("x") for _ in range(5)] == ["x"] + [None] * 4
    assert line("y") == "y"
    assert line("x", error=OSError("z")) == "x"
    assert [line("x", logging.INFO) for _ in range(2)] == ["x", "x"]
    now[0] += 10
    assert line("x") == "x (4 times more since)"
    assert line("x") is None
    for number in range(10_000):
        line(f"{number}")
    assert len(seldom._lines) == 1000
