"""keras-infovae: InfoVAE and its family for Keras and TensorFlow.

>>> import keras_infovae as ki
>>> model = ki.InfoVAE(latent_dim=16)
>>> model.compile("adam")

Then `model.fit(x)`, `model.encode(x)`, `model.generate(16)`, `model.save("model.keras")`.
"""

import os
import sys
from typing import TYPE_CHECKING

# The models compute with TensorFlow; Keras reads this when it is first imported.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")


def _is_command_line():
    """Returns whether this process is `keras-infovae` or `python -m keras_infovae`."""
    program = os.path.basename(sys.argv[0]) if getattr(sys, "argv", None) else ""
    if program != "-m":  # which it is while Python looks for the module
        return os.path.splitext(program)[0] == "keras-infovae"
    words = sys.orig_argv
    return "-m" in words and words[words.index("-m") + 1] == "keras_infovae"


# Everywhere else an import has to register all classes with Keras, or `keras.saving.load_model`
# would not know them; that takes TensorFlow, seconds. The command line answers --help without.
if TYPE_CHECKING:
    # The second is part of the first, by a list within a list, which type checkers do not follow.
    from keras_infovae.api import *  # noqa: F403
    from keras_infovae.models import *  # noqa: F403
elif not _is_command_line():
    from keras_infovae.api import *  # noqa: F403
    from keras_infovae.api import __all__  # noqa: F401
else:

    def __getattr__(name):
        """Imports a part of the package, or, for any other public name, all of it."""
        import importlib
        import importlib.util

        part = f"{__name__}.{name}"
        if importlib.util.find_spec(part) is not None:
            return importlib.import_module(part)
        if name.startswith("__") and name not in ("__all__", "__version__"):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(importlib.import_module("keras_infovae.api"), name)
        globals()[name] = value
        return value
