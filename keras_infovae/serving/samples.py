"""Rows to try an exported model with, and what the Keras model answers to them."""

import numpy as np

from keras_infovae.serving import parity
from keras_infovae.serving.fields import FIELDS
from keras_infovae.utils.checks import argument_error

_ROWS = 8  # different ones
_DRAWN = 64  # to find them among, where some have no raw form


class Samples:
    """Up to 8 rows of every input of the signatures.

    Args:
        served: the `ServedModel`.
        warmup: raw examples, or (examples, condition) where the model takes a condition.
            None: examples drawn from the model.

    Attributes:
        model: the model.
        raw: raw examples, of arrays in the type of requests.
        inputs: {input: rows} of the raw examples as requests hold them.
        x: the model's x, float32.
        condition: labels or features, in the type of requests; None where there are none.
        SEED: of calls of the model's methods, whose rows' seeds are those of the samples.

    Raises:
        ValueError, TypeError: naming `warmup`, for examples that the model cannot be given.
    """

    SEED = 2**31 - 1  # the largest: all digits of the rows' seeds count

    def __init__(self, served, warmup=None):
        self.served, self.model = served, served.model
        raw, condition = self._drawn() if warmup is None else _split(warmup, served)
        self.raw, self.inputs, self.x = _read(raw, served)
        if served.preprocessor is not None and served.preprocessor.condition_names:
            condition = served.preprocessor.condition_numbers(self.raw)
        self.condition = None if condition is None else np.asarray(condition)[: len(self)]
        try:
            self.model.example_spec.arrays(self.x, self.condition)
        except (ValueError, TypeError) as error:
            raise type(error)(f"Argument `warmup` cannot be used. {error}") from error
        if condition is not None:
            dtype = FIELDS["condition"].spec(served).dtype.as_numpy_dtype
            self.condition = self.condition.astype(dtype)

    def __len__(self):
        return len(self.x)

    @property
    def z(self):
        """Codes: of the samples, where the model encodes, or else standard normal numbers."""
        if "encode" in self.model.capabilities:
            return self.model.encode(self.x, condition=self.condition)
        shape = len(self), self.model.latent_dim
        return np.random.default_rng(0).normal(size=shape).astype("float32")

    def requests(self, signature):
        """Returns {input: array, or list of bytes} of a signature, one row per sample."""
        requests = {}
        for field in signature.fields(self.served):
            requests |= field.samples(self)
        return requests

    def answers(self, signature):
        """Returns {output: (array, unit)}, as `signature.answers` does."""
        return signature.answers(self, FIELDS[signature.takes[0]].x(self))

    def raw_answers(self, x, name):
        """Returns {output: (raw values, unit)} of the model's x, as `served.to_examples` does."""
        if self.served.preprocessor is not None:
            return parity.raw_answers(self.served.preprocessor, x, parity.tolerance(self.model))
        scaling = self.served.scaling
        in_units = (x, 1.0) if scaling is None else (scaling.invert(x), np.asarray(scaling.scale))
        return {name: in_units}

    def _drawn(self):
        """Returns (raw examples, condition) drawn from the model."""
        model = self.model
        if self.served.preprocessing is not None:
            raise argument_error("warmup", "given where `preprocessing` is", None)
        model.capabilities.require("generate", "`warmup` must be given: drawing examples")
        preprocessor = self.served.preprocessor
        count = _ROWS if preprocessor is None else _DRAWN
        condition = _made_condition(model, count)
        x = model.generate(
            count, seed=0, sample=True, verbose=0, condition=condition, prepared=True
        )
        if preprocessor is None:
            return self.served.to_raw(x).numpy(), condition
        chosen = np.flatnonzero(preprocessor.can_be_read(x))[:_ROWS]
        if not len(chosen):
            expected = f"given, since nothing that the model generates is {preprocessor.form}"
            raise argument_error("warmup", expected, None)
        condition = None if condition is None else condition[chosen]
        return preprocessor.raw(x[chosen], condition=condition), condition


def _read(raw, served):
    """Returns the first raw examples, as they are, as inputs, and as the model's x."""
    preprocessor = served.preprocessor
    if preprocessor is None:
        raw = np.atleast_1d(raw)[:_ROWS]  # what has no rows is refused with its shape
        x, raw = served.apply(raw), raw.astype(served.x_spec.dtype.as_numpy_dtype)
        return raw, {"x": raw}, x
    if not preprocessor.accepts(raw):
        raise argument_error("warmup", preprocessor.form, type(raw), TypeError)
    raw = raw[:_ROWS]
    try:
        return raw, preprocessor.as_arrays(raw), preprocessor.numbers(raw)
    except (ValueError, TypeError) as error:
        raise type(error)(f"Argument `warmup` cannot be used. {error}") from error


def _split(warmup, served):
    """Returns (raw examples, condition) of `warmup`; None where raw examples have it in them."""
    model, preprocessor = served.model, served.preprocessor
    if not model.condition.size or (preprocessor is not None and preprocessor.condition_names):
        return warmup, None
    pair = isinstance(warmup, (tuple, list)) and len(warmup) == 2
    if not pair or not all(hasattr(rows, "__len__") for rows in warmup):
        raise argument_error("warmup", "(examples, condition)", type(warmup), TypeError)
    if len(warmup[0]) != len(warmup[1]):
        raise argument_error(
            "warmup", "as many conditions as examples", (len(warmup[0]), len(warmup[1]))
        )
    return tuple(warmup)


def _made_condition(model, count):
    if not model.condition.size:
        return None
    if model.condition.num_classes:
        return np.arange(count) % model.condition.num_classes
    return np.random.default_rng(0).normal(size=(count, model.condition.size)).astype("float32")
