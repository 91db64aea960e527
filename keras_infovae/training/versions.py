"""What the numbers of a run depend on besides its settings."""

import importlib
import platform

from keras_infovae.version import __version__

_LIBRARIES = ("keras", "numpy", "tensorflow", "tensorflow_probability")


def versions():
    """Returns {name: version} of this package, of Python and of the libraries that compute."""
    return {
        "keras_infovae": __version__,
        "python": platform.python_version(),
        # Asked of the modules: the packages that hold them have several names (tensorflow-cpu).
        **{name: importlib.import_module(name).__version__ for name in _LIBRARIES},
    }
