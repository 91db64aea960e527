"""Bodies of HTTP requests, in time and within limits."""

import asyncio
import contextlib
import zlib

from keras_infovae.serving.server.errors import RequestError, too_large
from keras_infovae.serving.server.room import SMALL

_MOST_PARTS = 16  # of gzip in a body, each with a header; programs write one
_DRAIN_SECONDS = 5.0  # for which the rest of a body that is too large is read and thrown away


async def body(request, service, take):
    """Returns the body of a request, of which never more than the limit is in memory.

    Args:
        request: whose it is.
        service: the `Service`.
        take: called with the bytes that it may have, before they are read.

    Raises:
        RequestError: for one that is too large, comes too late, or is compressed otherwise.
    """
    settings = service.settings
    limit, seconds = settings.max_request_bytes, settings.read_seconds
    encoding = request.headers.get("content-encoding", "identity").lower()
    if encoding not in ("identity", "gzip"):
        message = f"The body must be compressed by gzip, or not at all. Received: {encoding}"
        raise RequestError("INVALID_ARGUMENT", message, 415)
    declared = _declared(request)
    if declared is not None and declared > limit:
        if "expect" not in request.headers:  # else the client has not sent it yet
            await _drain(request.stream())
        raise _body_too_large(limit)
    if encoding == "gzip":  # which tells nothing of the size
        await take(limit)
    elif declared is not None:
        await take(declared)
    try:
        content = await asyncio.wait_for(_collected(request, limit, declared, take), seconds)
    except asyncio.TimeoutError:
        message = f"The body must arrive within {seconds:g} s, the server's --read_seconds"
        raise RequestError("DEADLINE_EXCEEDED", message, 408) from None
    if encoding == "gzip":
        return await service.read(len(content), inflated, content, limit)
    return content


async def _collected(request, limit, declared, take):
    """Returns the bytes of a body as they come; one that does not state its length takes room."""
    content, stream = bytearray(), request.stream()
    async for part in stream:
        content += part
        if len(content) > limit:
            content.clear()
            await _drain(stream)
            raise _body_too_large(limit)
        if declared is None and len(content) >= SMALL:
            await take(limit)
    return bytes(content)


def inflated(body, limit):
    """Returns what a body of gzip holds, of one part or several, within the limit."""
    parts, size = [], 0
    for _ in range(_MOST_PARTS):
        stream = zlib.decompressobj(wbits=31)  # gzip's header and trailer
        try:
            parts.append(stream.decompress(body, limit + 1 - size))
        except zlib.error as error:
            raise RequestError("INVALID_ARGUMENT", f"The body is not gzip: {error}") from None
        size += len(parts[-1])
        if size > limit:
            raise _body_too_large(limit)
        if not stream.eof:
            raise RequestError("INVALID_ARGUMENT", "The body is not gzip: it ends too early")
        body = stream.unused_data
        if not body:
            return b"".join(parts)
    message = f"A body of gzip must have at most {_MOST_PARTS} parts. Received: more"
    raise RequestError("INVALID_ARGUMENT", message)


def _declared(request):
    """Returns the length that the head of a request states, or None."""
    text = request.headers.get("content-length")
    if text is None or "transfer-encoding" in request.headers:
        return None
    return int(text) if len(text) < 20 else 10**20  # h11 lets digits alone through


def _body_too_large(limit):
    return too_large("The bytes of a request", limit, "max_request_bytes")


async def _drain(stream):
    """Reads on for a while: a client that still sends would not see the answer."""

    async def read_on():
        async for _ in stream:
            pass

    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(read_on(), _DRAIN_SECONDS)
