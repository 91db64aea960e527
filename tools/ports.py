"""Ports of this machine for processes that are to talk with each other."""

import socket


def free_ports(count):
    """Returns `count` ports of this machine that nothing listens at."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
