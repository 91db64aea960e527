"""Gives every reader of files damaged and hostile ones, for as long as it is told.

    make fuzz ARGS="--seconds=900"
    python tools/fuzz_readers.py --seconds=60 --kinds=npz,csv_text --seed=1

Each case is a good file of one kind (the seeds below) with a few of its bytes changed, or a made-up
one: a CSV file of odd fields, a TFRecord of odd features with right checksums, an archive of odd
arrays, a folder of odd names. Where a format has checksums, they are made right again after the
change, so that the reader sees it. It must either load, as finite float32, or raise an error that
names the file; in a few seconds, and without ever asking the system for more than 4 GB.

What fails is made small by Hypothesis, printed, and kept under --keep. Exit status: 0, or 1 for
failures.
"""

import argparse
import os
import pathlib
import resource
import shutil
import signal
import sys
import tempfile
import time
import warnings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, os.getcwd())

import hypothesis
import numpy as np

from keras_infovae import datasets
from keras_infovae.datasets import memory
from tools.fuzz import damage, made_up, seeds

MEMORY, SECONDS = 4 * 10**9, 20
STREAMED = (".npy", ".parquet", ".tfrecord")
ALL = {"validation_fraction": 0, "test_fraction": 0}


class TooSlowError(BaseException):
    """A case took too long; no reader catches it."""


def check(path):
    """Raises AssertionError unless the readers do what they must with the file or folder there."""
    name = os.path.basename(path)
    uses = [lambda: datasets.load(path, **ALL).train]
    uses.append(lambda: datasets.load(path, limit=2, **ALL).train)
    if path.endswith(STREAMED) or os.path.isdir(path):
        uses.append(lambda: datasets.stream(path, 2, **ALL).sample("train", 50))
    for use in uses:
        signal.alarm(SECONDS)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                x = use()
        except (ValueError, FileNotFoundError) as error:
            assert name in str(error), f"an error that does not name {name}: {error!r}"
            assert not isinstance(error.__cause__, MemoryError), f"room was made first: {error!r}"
            continue
        finally:
            signal.alarm(0)
        assert x.dtype == np.float32 and np.isfinite(x).all() and len(x), "not finite float32"


def fuzz(kind, write, strategy, seed, count, keep):
    """Tries `count` cases of a kind; returns the message of the first failure, or None."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="fuzz-"))

    def case(drawn):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        path = write(folder, drawn)
        if path is not None:
            check(str(path))

    settings = hypothesis.settings(
        max_examples=count,
        deadline=None,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        verbosity=hypothesis.Verbosity.quiet,
    )
    try:
        hypothesis.seed(seed)(settings(hypothesis.given(strategy)(case)))()
    except (Exception, TooSlowError) as error:
        kept = pathlib.Path(keep) / f"{kind}-{seed}"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(folder, kept, symlinks=True)
        return f"{type(error).__name__}: {error}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return None


def kinds():
    """Returns {kind: (function of a folder and what was drawn that writes, strategy)}."""
    found = {
        name: (damage.writer(name, *seed), made_up.EDITS) for name, seed in seeds.seeds().items()
    }
    return found | made_up.KINDS


def limit_memory():
    """Lets this process take MEMORY bytes more than it has now.

    Set anew for each kind: a process of many minutes grows by what its libraries keep.
    """
    in_use = int(pathlib.Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (in_use + MEMORY, resource.RLIM_INFINITY))


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60, help="how long; default 60")
    parser.add_argument("--kinds", default="", help="of files, separated by commas; default all")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="default: the time")
    parser.add_argument("--keep", default="fuzz_failures", help="a folder for what fails")
    parser.add_argument("--count", type=int, default=50, help="cases of a kind in a round")
    arguments = parser.parse_args()
    chosen = kinds()
    if arguments.kinds:
        chosen = {kind: chosen[kind] for kind in arguments.kinds.split(",")}

    def too_slow(*_):
        raise TooSlowError(f"more than {SECONDS} s")

    signal.signal(signal.SIGALRM, too_slow)
    memory.available_memory = lambda: MEMORY // 4
    end, seed, cases, failed = time.monotonic() + arguments.seconds, arguments.seed, 0, {}
    print(f"{len(chosen)} kinds, seed {seed}", flush=True)
    while time.monotonic() < end:
        for kind, (write, strategy) in chosen.items():
            if kind in failed or time.monotonic() > end:
                continue
            limit_memory()
            message = fuzz(kind, write, strategy, seed, arguments.count, arguments.keep)
            cases += arguments.count
            if message is not None:
                failed[kind] = message
                print(f"{kind}, seed {seed}: {message}", flush=True)
        seed += 1
    print(f"{cases} cases, {len(failed)} kinds with failures: {', '.join(failed) or 'none'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
