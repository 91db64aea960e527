"""Rows to try an exported model with, and what the Keras model answers to them."""

import numpy as np

from keras_infovae.serving.fields import FIELDS
from keras_infovae.utils.checks import argument_error

_ROWS = 8  # different ones


class Samples:
    """Up to 8 rows of every input of the signatures.

    Args:
        served: the `ServedModel`.
        warmup: raw examples [n, ...], or (examples, condition) where the model takes a condition.
            None: examples drawn from the model.

    Attributes:
        model: the model.
        raw: raw values of x, in the type of requests.
        x: the model's x, float32.
        condition: labels or features, in the type of requests; None where there are none.
        SEED: of calls of the model's methods, whose rows' seeds are those of the samples.

    Raises:
        ValueError, TypeError: naming `warmup`, for examples that the model cannot be given.
    """

    SEED = 2**31 - 1  # the largest: all digits of the rows' seeds count

    def __init__(self, served, warmup=None):
        self.served, self.model = served, served.model
        raw, condition = self._drawn() if warmup is None else _split(warmup, self.model)
        raw = np.asarray(raw)[:_ROWS]
        self.x = served.apply(raw)
        self.raw = raw.astype(served.x_spec.dtype.as_numpy_dtype)
        self.condition = None if condition is None else np.asarray(condition)[: len(raw)]
        try:
            self.model.example_spec.arrays(self.x, self.condition)
        except (ValueError, TypeError) as error:
            raise type(error)(f"Argument `warmup` cannot be used. {error}") from error
        if condition is not None:
            dtype = FIELDS["condition"].spec(served).dtype.as_numpy_dtype
            self.condition = self.condition.astype(dtype)

    def __len__(self):
        return len(self.raw)

    @property
    def z(self):
        """Codes: of the samples, where the model encodes, or else standard normal numbers."""
        if "encode" in self.model.capabilities:
            return self.model.encode(self.x, condition=self.condition)
        shape = len(self), self.model.latent_dim
        return np.random.default_rng(0).normal(size=shape).astype("float32")

    def requests(self, signature):
        """Returns {input: array, or list of bytes} of a signature, one row per sample."""
        return {field.name: field.sample(self) for field in signature.fields(self.served)}

    def answers(self, signature):
        """Returns {output: (array, unit)}, as `signature.answers` does."""
        return signature.answers(self, FIELDS[signature.takes[0]].x(self))

    def in_raw_units(self, x):
        """Returns (x in raw units, the unit): for the model's x."""
        scaling = self.served.scaling
        return (x, 1.0) if scaling is None else (scaling.invert(x), np.asarray(scaling.scale))

    def _drawn(self):
        """Returns (raw examples, condition) drawn from the model."""
        model = self.model
        if self.served.preprocessing is not None:
            raise argument_error("warmup", "given where `preprocessing` is", None)
        model.capabilities.require("generate", "`warmup` must be given: drawing examples")
        condition = _made_condition(model)
        x = model.generate(
            _ROWS, seed=0, sample=True, verbose=0, condition=condition, prepared=True
        )
        return self.served.to_raw(x).numpy(), condition


def _split(warmup, model):
    """Returns (raw examples, condition) of `warmup`."""
    if not model.condition.size:
        return warmup, None
    if not isinstance(warmup, (tuple, list)) or len(warmup) != 2:
        raise argument_error("warmup", "(examples, condition)", type(warmup), TypeError)
    if len(warmup[0]) != len(warmup[1]):
        raise argument_error(
            "warmup", "as many conditions as examples", (len(warmup[0]), len(warmup[1]))
        )
    return tuple(warmup)


def _made_condition(model):
    if not model.condition.size:
        return None
    if model.condition.num_classes:
        return np.arange(_ROWS) % model.condition.num_classes
    return np.random.default_rng(0).normal(size=(_ROWS, model.condition.size)).astype("float32")
