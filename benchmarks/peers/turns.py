"""What a measured process and the one that measures it say to each other, a line at a time."""

import contextlib
import json
import os
import subprocess
import sys
import time


class Turns:
    """The side of the measured process, which trains an epoch whenever its turn comes.

    Its standard output becomes the line to the measuring process; whatever else is printed goes to
    standard error.

    Args:
        losses: function without arguments that gives what the model has come to.
    """

    def __init__(self, losses):
        self._losses = losses
        self._out = os.fdopen(os.dup(1), "w", buffering=1)
        os.dup2(2, 1)
        self._start = None

    def next(self, **figures):
        """Tells that an epoch has ended; returns whether there is to be another, and waits for it.

        Args:
            **figures: of the epoch, besides its seconds.
        """
        if self._start is not None:
            figures["seconds"] = time.perf_counter() - self._start
        self._say(figures)
        for line in sys.stdin:
            if line.strip() == "losses":
                self._say(self._losses())
                continue
            self._start = time.perf_counter()
            return line.strip() == "epoch"
        return False

    def _say(self, figures):
        print(json.dumps(figures), file=self._out)


class Measured:
    """The side of the measuring process: one way, in a process of its own.

    Args:
        command: list of strings.
        environment: {name: value} of the process.
        log: a file that takes standard error.

    Attributes:
        first: seconds from the start of the process to the end of its first epoch.
    """

    def __init__(self, command, environment, log):
        self._command, self._log = command, log
        start = time.perf_counter()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment,
            text=True,
            bufsize=1,
        )
        self._read()
        self.first = time.perf_counter() - start

    @property
    def pid(self):
        return self._process.pid

    def ask(self, what):
        """Returns the figures that "epoch" or "losses" gives."""
        print(what, file=self._process.stdin)
        return self._read()

    def end(self):
        """Lets the process end; one that takes long over it is stopped."""
        try:
            print("end", file=self._process.stdin)
            self._process.wait(timeout=20)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()

    def _read(self):
        line = self._process.stdout.readline()
        if not line:
            code = self._process.wait()
            self._process.stdin.close()
            self._process.stdout.close()
            raise RuntimeError(
                f"{' '.join(map(str, self._command))} ended with status {code}; "
                f"what it said is in {self._log.name}"
            )
        return json.loads(line)


def least_seconds(function, times=5):
    """Returns the seconds of the fastest of a few calls of `function`."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        function()
        taken.append(time.perf_counter() - start)
    return min(taken)
