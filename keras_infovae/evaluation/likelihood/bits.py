"""Nats per example as bits per dimension."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from keras_infovae.preprocessors import Scaling
from keras_infovae.typing import Array, Rows
from keras_infovae.utils.checks import argument_error, check_integers


def bits_per_dimension(
    log_likelihood: Array, model_or_event_shape: Any, scaling: Any = None, x: Rows | None = None
) -> np.ndarray:
    """Returns the bits that each raw value of x costs, for log-likelihoods in nats per example:

        bits = -(log p(x) - sum_i log scale_i) / (D log 2),        x = (raw - offset) / scale

    The sum is over the values of which p(x) is a density: it makes it that of the raw values, so
    that bits do not depend on the unit of x. Where p(x) is a probability (binary values, counts,
    categories, discretized levels), there is nothing to change. D is the number of values, with
    a one-hot category counted once.

    Bits of a density bound those of discrete levels from above only for levels to which uniform
    noise of one level's width was added (Theis et al., section 3.1). A Bernoulli likelihood of gray
    levels is neither a density nor a probability, and has no bits that compare with others.

    Args:
        log_likelihood: log p(x), a bound or a mean of them, in nats per example; of any shape. Or
            what `marginal_log_likelihood` returns, of which it is the first.
        model_or_event_shape: a built model, which knows what its values are and how x was scaled;
            or the shape of one x, where all of p(x) is a density if `scaling` is given.
        scaling: how raw values became x: a `ki.preprocessors.Scaling`, or a number, its scale (255
            for 8-bit images divided by 255). Default None: that of the model, or x as it is.
        x: the examples, where their values may be missing and were scaled: log p(x) is then that of
            those that are there, which alone count, and has to be one for each example. Default
            None.

    Returns:
        NumPy float64 of the shape of `log_likelihood`.

    Raises:
        ValueError, TypeError: for a shape or a scaling that is none, a model that does not know the
            shape of x yet, and without an `x` that is needed.

    Example:

    >>> import keras_infovae as ki
    >>> log_uniform_on_unit_cube = 0.0  # of 8-bit values divided by 256
    >>> bits = ki.evaluation.bits_per_dimension(log_uniform_on_unit_cube, (28, 28, 1), 256)
    >>> round(float(bits), 6)
    8.0

    References:
        Theis, van den Oord, Bethge, A Note on the Evaluation of Generative Models,
        arXiv:1511.01844, section 3.1.
    """
    seen, accepts_missing = None, False
    if hasattr(model_or_event_shape, "example_spec"):
        model = model_or_event_shape
        event_shape, likelihood = model.event_shape, model.example_spec.values
        if event_shape is None:
            raise argument_error("model_or_event_shape", "a model that was built", model)
        is_density = ~likelihood.is_probability(event_shape)
        dimensions = likelihood.dimensions(event_shape)
        scaling = model.scaling if scaling is None else scaling
        accepts_missing = likelihood.accepts_missing
        if x is not None:
            seen = ~np.isnan(model.example_spec.array(x, "x"))
    else:
        event_shape = tuple(check_integers("model_or_event_shape", model_or_event_shape))
        is_density, dimensions = np.ones(event_shape, bool), math.prod(event_shape)
    if scaling is None:
        scaling = 1.0
    scale = np.asarray((scaling if isinstance(scaling, Scaling) else Scaling(0.0, scaling)).scale)
    if scale.ndim and scale.shape != tuple(event_shape)[-1:]:
        raise argument_error("scaling", f"one of the last axis of x {event_shape}", scaling)
    log_scale = np.where(is_density, np.broadcast_to(np.log(scale), event_shape), 0.0)
    log_likelihood = getattr(log_likelihood, "log_likelihood", log_likelihood)
    log_likelihood = np.asarray(log_likelihood, "float64")
    if seen is not None:
        if log_likelihood.shape != seen.shape[:1]:
            allowed = f"log p(x) of each of {len(seen)} examples"
            raise argument_error("log_likelihood", allowed, log_likelihood.shape)
        values = tuple(range(1, seen.ndim))
        # Of a category that is one of several numbers, one value is there or none.
        dimensions = dimensions * np.mean(seen, axis=values)
        log_volume = np.sum(log_scale * seen, axis=values)
    elif log_scale.any() and accepts_missing:
        raise argument_error("x", "given, since what is missing has no scale", None)
    else:
        log_volume = log_scale.sum()
    return -(log_likelihood - log_volume) / (dimensions * math.log(2.0))
