"""Training steps of several processes that share one batch, and the processor time of them all."""

import atexit
import json
import os
import subprocess
import sys
import time

from tools.ports import free_ports


def start(count, *arguments):
    """Makes this process the first of a cluster, starts the others and returns their `Popen`s.

    To be called before TensorFlow computes anything. The others end with this process.

    Args:
        count: of all processes, at least 2.
        *arguments: of `growth_curves.point`, which starts another one.
    """
    workers = [f"127.0.0.1:{port}" for port in free_ports(count)]
    command = [sys.executable, "-m", "growth_curves.point", *map(str, arguments)]
    others = []
    for index in range(count):
        task = {"type": "worker", "index": index}
        config = json.dumps({"cluster": {"worker": workers}, "task": task})
        if index == 0:
            os.environ["TF_CONFIG"] = config
        else:
            environment = os.environ | {"TF_CONFIG": config}
            others.append(
                subprocess.Popen(
                    command,
                    env=environment,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            )
    for process in others:
        atexit.register(process.kill)
    return others


def is_another():
    """Returns whether this process was started by the first one of a cluster."""
    return "TF_CONFIG" in os.environ


def processor_clock(others):
    """Returns a clock of the processor seconds of this process and of `others` (Linux)."""
    tick = os.sysconf("SC_CLK_TCK")

    def of_another(process):
        with open(f"/proc/{process.pid}/stat", encoding="utf-8") as file:
            fields = file.read().rpartition(")")[2].split()  # a name may have blanks
        return (int(fields[11]) + int(fields[12])) / tick  # user and system

    return lambda: time.process_time() + sum(map(of_another, others))


def run_forever(step):
    """Takes steps until the first process ends, which each of them waits for."""
    while True:
        step()
