"""Benchmarks as modules of a test: their folder is no package, and flags are known to all."""

import contextlib
import importlib
import pathlib
import sys

from absl import flags

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "benchmarks"


@contextlib.contextmanager
def imported(name, *options):
    """Gives the script `name` of benchmarks/ with its flags set; both are forgotten afterwards."""
    before, modules = set(flags.FLAGS), set(sys.modules)
    sys.path.insert(0, str(FOLDER))
    try:
        module = importlib.import_module(name)
        module.FLAGS([name, *options])
        yield module
    finally:
        sys.path.remove(str(FOLDER))
        for flag in set(flags.FLAGS) - before:
            delattr(flags.FLAGS, flag)
        for added in set(sys.modules) - modules:
            if str(FOLDER) in str(getattr(sys.modules[added], "__file__", "")):
                del sys.modules[added]
