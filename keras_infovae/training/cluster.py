"""The cluster that TF_CONFIG describes, checked before TensorFlow stakes the process on it."""

import json
import os
import socket

VARIABLE = "TF_CONFIG"
_EXAMPLE = (
    '{"cluster": {"worker": ["host1:12345", "host2:12345"]}, '
    '"task": {"type": "worker", "index": 0}}'
)


def read_cluster():
    """Returns (the addresses "host:port" of all workers, the index of this one) from TF_CONFIG.

    Raises:
        ValueError: naming what is missing or wrong in it.
    """
    text = os.environ.get(VARIABLE)
    if not text:
        raise _error("set for several workers", text)
    try:
        config = json.loads(text)
    except ValueError as error:
        raise _error(f"JSON ({error})", text) from error
    cluster = config.get("cluster") if isinstance(config, dict) else None
    workers = cluster.get("worker") if isinstance(cluster, dict) else None
    if not isinstance(workers, list) or not workers or not all(map(_is_address, workers)):
        raise _error("JSON with a list of addresses host:port in cluster.worker", text)
    if set(cluster) - {"worker"}:
        raise _error("a cluster of workers alone, of which worker 0 is the chief", text)
    if len(set(workers)) < len(workers):
        raise _error("a cluster whose workers have an address each", text)
    task = config.get("task")
    index = task.get("index") if isinstance(task, dict) else None
    if not isinstance(task, dict) or task.get("type") != "worker":
        raise _error("JSON whose task.type is 'worker'", text)
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < len(workers):
        raise _error(f"JSON whose task.index is one of 0 to {len(workers) - 1}", text)
    return workers, index


def check_port(address):
    """Raises ValueError when the port of `address`, this worker's own, cannot be listened on.

    TensorFlow would end the process.
    """
    reason = taken(int(address.rpartition(":")[2]))
    if reason:
        raise ValueError(
            f"Variable {VARIABLE} must give this worker a free port. Received: {address}, "
            f"which cannot be listened on: {reason}"
        )


def taken(port):
    """Returns why this machine's `port` cannot be listened on, or None where it can."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))  # as TensorFlow's server does, on every interface
        except OSError as error:
            return error.strerror
    return None


def _is_address(value):
    if not isinstance(value, str):
        return False
    host, _, port = value.rpartition(":")
    return bool(host) and port.isdigit() and 0 < int(port) < 2**16


def _error(expectation, text):
    return ValueError(
        f"Variable {VARIABLE} must be {expectation}, such as {_EXAMPLE}. Received: {text!r}"
    )
