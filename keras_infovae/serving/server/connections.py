"""HTTP connections: how many there may be, and for how long each may keep the server waiting."""

import asyncio
import enum
import functools
import resource

from uvicorn.protocols.http.h11_impl import H11Protocol

BACKLOG = 128  # connections that are accepted before the first of them is looked at
_OTHER_FILES = 128  # that the process has open beside connections
_MOST_FILES = 2**16
_REFUSAL = b"""HTTP/1.1 503 Service Unavailable\r
content-type: application/json\r
connection: close\r
content-length: 54\r
\r
{"error":"All connections of the server are in use"}\r
"""


class Wait(enum.Enum):
    """What a connection waits for."""

    NOTHING_YET = "the first byte of a request"
    REQUEST = "the rest of a request"
    ANSWER = "the server"
    READER = "the client, to read the answer"


class Connection(H11Protocol):
    """Uvicorn's connection, which has no limits of time but between two requests.

    Args:
        connections: the `Connections` that it belongs to.
        given: what Uvicorn gives.
    """

    def __init__(self, connections, **given):
        super().__init__(**given)
        self._belongs_to = connections
        self.since = asyncio.get_running_loop().time()
        self._last = None
        self._begun = False

    def connection_made(self, transport):
        super().connection_made(transport)
        self._belongs_to.add(self)

    def connection_lost(self, exc):
        self._belongs_to.remove(self)
        super().connection_lost(exc)

    def data_received(self, data):
        if not self.transport.is_closing():  # because it was refused
            self._begun = True
            super().data_received(data)

    def on_response_complete(self):
        self._begun = False
        super().on_response_complete()

    def send_400_response(self, msg):
        """Answers what is no HTTP, also where it is the body of a request that is at work."""
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True  # or its answer would come after this one
            self.cycle.message_event.set()
        try:
            super().send_400_response(msg)
        except Exception:  # of h11, whose answer to this request has begun
            self.transport.abort()

    def waits_for(self):
        """Returns a `Wait`, and what changes when there is progress in it."""
        unread = self.transport.get_write_buffer_size()
        if unread:
            return Wait.READER, unread
        if self.cycle is not None and not self.cycle.response_complete:
            return Wait.ANSWER, id(self.cycle)
        # However many bytes of a request come: all of it is in time, or late.
        return (Wait.REQUEST if self._begun else Wait.NOTHING_YET), None

    def look(self, now):
        """Returns what it waits for, and for how long it has."""
        waiting = self.waits_for()
        if waiting != self._last:
            self._last, self.since = waiting, now
        return waiting[0], now - self.since


class Connections:
    """Closes connections that keep the server waiting, and keeps their number within a limit.

    At the limit, the one that has waited for a request for the longest time makes place for a new
    one: silent connections do not keep others out.

    All methods are for the event loop's thread.

    Args:
        settings: the server's `Settings`.
    """

    def __init__(self, settings):
        self._limit = connection_limit(settings.max_connections)
        self._seconds = {
            Wait.NOTHING_YET: settings.idle_seconds,
            Wait.REQUEST: settings.read_seconds,
            Wait.READER: settings.read_seconds,
        }
        self._open = set()

    @property
    def protocol(self):
        """What makes a `Connection` for Uvicorn."""
        return functools.partial(Connection, self)

    def add(self, connection):
        self._open.add(connection)
        if len(self._open) <= self._limit:
            return
        oldest = self._longest_waiting()
        if oldest is None or oldest is connection:
            connection.transport.write(_REFUSAL)
            connection.transport.close()
            self._open.discard(connection)
        else:
            self._abort(oldest)

    def remove(self, connection):
        self._open.discard(connection)

    def _longest_waiting(self):
        """Returns the connection that has waited for a request for the longest time, if any."""
        now = asyncio.get_running_loop().time()
        found = [(connection, *connection.look(now)) for connection in self._open]
        waiting = [c for c, wait, _ in found if wait in (Wait.NOTHING_YET, Wait.REQUEST)]
        return min(waiting, key=lambda connection: connection.since, default=None)

    async def watch(self):
        """Closes, again and again, those that have waited for too long."""
        while True:
            await asyncio.sleep(min(1.0, min(self._seconds.values()) / 4))
            now = asyncio.get_running_loop().time()
            for connection in list(self._open):
                wait, seconds = connection.look(now)
                if seconds > self._seconds.get(wait, seconds):
                    self._abort(connection)

    def _abort(self, connection):
        self._open.discard(connection)
        connection.transport.abort()


def connection_limit(wanted):
    """Returns how many connections of a protocol there may be, of the number that is wanted.

    Each is an open file, of which the system allows a process only so many. All that it allows is
    asked for.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return max(8, min(wanted, (max(soft, most) - BACKLOG - _OTHER_FILES) // 2))
