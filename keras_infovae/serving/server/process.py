"""The server's process: starts all parts, waits for a signal, and stops in good order."""

import asyncio
import contextlib
import faulthandler
import gc
import json
import logging
import os
import signal
import socket
import sys

import grpc
import uvicorn

from keras_infovae.serving.server import logs
from keras_infovae.serving.server.batcher import Batcher
from keras_infovae.serving.server.connections import BACKLOG, Connections, connection_limit
from keras_infovae.serving.server.grpc_service import GrpcService
from keras_infovae.serving.server.metrics import Metrics
from keras_infovae.serving.server.rest_service import RestService
from keras_infovae.serving.server.service import Service
from keras_infovae.serving.server.settings import Settings
from keras_infovae.serving.server.versions import Versions

UNUSABLE = 2  # the exit status, as of the command line
_LAST_SECONDS = 1.0  # after the grace, for the end itself
_MOST_CALLS = 100  # at a time on one connection of gRPC, as its specification advises
_NOTICE = "This server is for development. In production, run TensorFlow Serving on the same files."


class PortError(Exception):
    """A port that cannot be listened on."""


def main(arguments):
    """Serves until SIGTERM or SIGINT.

    Args:
        arguments: one, the `Settings` as JSON.

    Returns:
        The exit status: 0, or 2 for a port that cannot be used. It does not return where something
        still runs when the grace is over: the process ends then, with status 0.
    """
    logs.set_up()
    try:
        asyncio.run(serve(Settings(**json.loads(arguments[0]))))
    except PortError as error:
        print(f"keras-infovae serve: error: {error}", file=sys.stderr)
        return UNUSABLE
    return 0


async def serve(settings):
    """Serves until a signal comes, then finishes what is in flight, or ends the process."""
    metrics = Metrics()
    versions = Versions(settings, lambda loaded: metrics.set_loaded(settings.model_name, loaded))
    batcher = Batcher(settings, metrics)
    metrics.watch_queue(lambda: batcher.depth)
    service = Service(settings, metrics, versions, batcher)
    connections = Connections(settings)
    stop = _stop_by_signal()
    with _listen(settings) as listener:
        rpc, port = _grpc_server(settings, GrpcService(service))
        rest = _RestServer(RestService(service), connections, settings)
        await rpc.start()
        answering = asyncio.create_task(rest.serve(sockets=[listener]))
        # Most objects are TensorFlow's modules. Left out of collections, they do not make these
        # long, nor so rare that errors' tracebacks, which are circles, pile up.
        gc.freeze()
        _announce(settings, port, listener.getsockname()[1])
        watching = asyncio.create_task(versions.watch(settings.poll_seconds))
        closing = asyncio.create_task(connections.watch())
        stopped = asyncio.create_task(stop.wait())
        running = {answering, watching, closing, stopped}
        await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        service.stopping = rest.should_exit = True
        grace = settings.grace_seconds
        logging.info("Stopping, within %g s", grace)
        # Ends the process even where this thread hangs. It needs nothing of Python's.
        faulthandler.dump_traceback_later(grace + _LAST_SECONDS, exit=True)
        for task in (watching, closing, stopped):
            task.cancel()
        ends = {asyncio.ensure_future(rpc.stop(grace)), answering, watching, closing}
        late = (await asyncio.wait(ends, timeout=grace + _LAST_SECONDS / 2))[1]
        threads = batcher.running + versions.running + service.running
        if threads or late:
            _end_now(f"{threads} threads still run, and are cut off")
        for end in ends:
            with contextlib.suppress(asyncio.CancelledError):
                end.result()  # raises what ended it, if that was no signal
    versions.retire_all()
    batcher.close()
    faulthandler.cancel_dump_traceback_later()  # nothing is left to wait for
    logging.info("Stopped")


def _end_now(reason):
    """Ends the process without waiting for its threads, which nothing can stop."""
    logging.warning("Stopped: %s", reason)
    logging.shutdown()
    sys.stdout.flush()
    os._exit(0)


def _stop_by_signal():
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def _listen(settings):
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listener = socket.create_server((settings.host, settings.rest_port), family=family)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
        raise _port_error("rest_port", settings.rest_port, settings.host, reason) from error
    # Connections inherit it. Without it the second part of an answer waits for the client to
    # acknowledge the first, 40 ms; asyncio sets it only for sockets that it made itself.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _grpc_server(settings, service):
    """Returns a server that listens, and its port."""
    read, idle = (round(1e3 * s) for s in (settings.read_seconds, settings.idle_seconds))
    options = {
        "grpc.so_reuseport": 0,  # or a second server would take half of the requests
        "grpc.max_receive_message_length": settings.max_request_bytes,
        "grpc.max_send_message_length": -1,
        "grpc.max_allowed_incoming_connections": connection_limit(settings.max_connections),
        "grpc.max_concurrent_streams": _MOST_CALLS,
        "grpc.server_handshake_timeout_ms": read,
        "grpc.max_connection_idle_ms": idle,
        # A client that does not answer these has gone.
        "grpc.keepalive_time_ms": idle,
        "grpc.keepalive_timeout_ms": read,
    }
    server = grpc.aio.server(options=list(options.items()))
    server.add_generic_rpc_handlers(service.handlers())
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    try:
        return server, server.add_insecure_port(f"{host}:{settings.port}")
    except RuntimeError as error:
        reason = "it is in use, or not allowed"
        raise _port_error("port", settings.port, settings.host, reason) from error


def _port_error(flag, port, host, reason):
    expectation = f"Argument `--{flag}` must be a port that can be listened on, on {host}"
    return PortError(f"{expectation}. Received: --{flag}={port}: {reason}")


class _RestServer(uvicorn.Server):
    """Uvicorn without its own handling of signals and logs."""

    def __init__(self, application, connections, settings):
        config = uvicorn.Config(
            application,
            http=connections.protocol,
            backlog=BACKLOG,
            timeout_keep_alive=settings.idle_seconds,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=settings.grace_seconds,
        )
        super().__init__(config)

    def capture_signals(self):
        return contextlib.nullcontext()


def _announce(settings, port, rest_port):
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    print(
        f"Serving {settings.model_name} from {settings.directory}: gRPC on {host}:{port}, "
        f"REST on http://{host}:{rest_port}/v1/models/{settings.model_name}\n{_NOTICE}",
        flush=True,
    )
