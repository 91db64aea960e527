"""Runs a module of `serving` in a process in which Keras cannot be imported.

    python .../without_keras.py MODULE [argument ...]

calls `main(arguments)` of the module and exits with what it returns. What an exported model needs
of Keras would show there at once.
"""

import importlib
import os
import sys
import types

FILE = os.path.abspath(__file__)


def run(module, arguments):
    """Imports the module without Keras, and returns what its `main` returns.

    TensorFlow imports Keras by itself, but does without where that fails. The package imports
    models in its `__init__`, so that a bare one takes its place.
    """
    sys.modules["keras"] = None
    sys.modules["keras_infovae"] = package = types.ModuleType("keras_infovae")
    package.__path__ = [os.path.dirname(os.path.dirname(FILE))]
    from keras_infovae.utils import interrupts, startup_messages

    interrupts.leave_at_once()
    with startup_messages.held_to_level():
        main = importlib.import_module(module).main
    return main(arguments)


if __name__ == "__main__":
    del sys.path[0]  # this folder: its modules are no top-level ones
    sys.exit(run(sys.argv[1], sys.argv[2:]))
