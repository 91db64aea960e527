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
    # Type checkers follow neither `ALL` nor the list of models within it.
    from keras_infovae import (  # noqa: F401
        callbacks,
        evaluation,
        migration,
        scikit_learn,
        serving,
        training,
        tuning,
    )
    from keras_infovae.api import *  # noqa: F403
    from keras_infovae.models import *  # noqa: F403
elif not _is_command_line():
    from keras_infovae.api import *  # noqa: F403
    from keras_infovae.api import ALL as __all__  # noqa: F401


def __getattr__(name):
    """Imports a part of the package, or, where nothing is imported yet, all of it."""
    import importlib
    import importlib.util

    part = f"{__name__}.{name}"
    if not name.startswith("__") and importlib.util.find_spec(part) is not None:
        return importlib.import_module(part)
    if not name.startswith("__") or name in ("__all__", "__version__"):
        api = importlib.import_module("keras_infovae.api")
        found = "ALL" if name == "__all__" else name
        if hasattr(api, found):
            globals()[name] = getattr(api, found)
            return globals()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *__getattr__("__all__")})
