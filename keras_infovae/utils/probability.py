"""TensorFlow Probability, imported at first use.

`import tensorflow_probability` costs about a fifth of `import tensorflow`. Modules of this package
write `from keras_infovae.utils import probability as tfp` and use `tfp.distributions`, `tfp.math`
and so on as usual; the library is loaded when the first such attribute is read, so that
`import keras_infovae` stays as quick as `import tensorflow`.
"""

import importlib


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return getattr(importlib.import_module("tensorflow_probability"), name)
