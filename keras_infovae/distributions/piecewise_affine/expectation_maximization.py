"""Expectation maximization of a generator: steps that never lower the likelihood."""

import itertools
from typing import NamedTuple

import numpy as np

from keras_infovae.distributions.piecewise_affine import maximization_step
from keras_infovae.distributions.piecewise_affine.expectation_step import Statistics, statistics
from keras_infovae.distributions.piecewise_affine.layers import AffineLayer
from keras_infovae.distributions.piecewise_affine.regions import TooManyRegions

_MOST_HALVINGS = 12  # of a step, after which a layer stays as it is


class Problem(NamedTuple):
    """What is maximized: the mean over x of log p(x), less the penalty.

    Args:
        x: float64 [n, D].
        groups: int [D], which values of x share a scale.
        prior_variance: of every weight and bias.
        minimum_scale: of the noise.
        block: rows at a time, or None.
    """

    x: np.ndarray
    groups: np.ndarray
    prior_variance: float
    minimum_scale: float
    block: int | None = None


class State(NamedTuple):
    """Layers and a scale of the noise, and what they come to.

    Args:
        layers: `AffineLayer`s, in the unit of x.
        scale: [D].
        found: the `Statistics`.
        log_likelihood: the mean of log p(x), in nats.
        penalty: the weights' squares / (2 prior_variance n).
    """

    layers: list
    scale: np.ndarray
    found: Statistics
    log_likelihood: float
    penalty: float

    @property
    def objective(self):
        """What does not fall."""
        return self.log_likelihood - self.penalty


def evaluate(problem, layers, scale):
    """Returns the `State` of layers and a scale, as float32 holds them: a model's weights do.

    Raises:
        TooManyRegions: where the layers make too many.
    """
    layers = [
        layer._replace(kernel=_single(layer.kernel), bias=_single(layer.bias)) for layer in layers
    ]
    scale = _single(scale)
    found = statistics(_in_units(layers, scale), problem.x / scale, problem.block)
    squares = sum(np.square(a).sum() for layer in layers for a in layer[:2])
    count = len(problem.x)
    log_likelihood = found.log_likelihood / count - np.log(scale).sum()
    return State(
        layers, scale, found, log_likelihood, squares / (2 * problem.prior_variance * count)
    )


def step(problem, state, rng):
    """Returns (the `State` after one step of each layer, how often steps were halved).

    The layers come in a random order, each after an expectation step of its own. Where a step would
    lower the objective, or make too many regions, it is halved, and left out after 12 halvings.
    """
    halvings = 0
    for index in rng.permutation(len(state.layers)):
        layer, scale = _proposal(problem, state, index)
        share = 1.0
        for _ in range(_MOST_HALVINGS):
            layers = list(state.layers)
            layers[index] = _between(layers[index], layer, share)
            tried = _tried(problem, layers, state.scale ** (1.0 - share) * scale**share)
            if tried is not None and tried.objective >= state.objective:
                state = tried
                break
            share *= 0.5
            halvings += 1
    return state, halvings


def random_start(problem, widths, slope, rng):
    """Returns a `State` of random weights, whose noise has the scale of the data.

    Biases are random too: without them all borders of a first layer's regions meet at z = 0. A
    value of x whose scale is the smallest allowed, as that of a constant column is, starts at its
    mean whatever z is: random weights would put it many deviations of the noise away.

    Args:
        problem: the `Problem`.
        widths: the latents, the units of each hidden layer, and the values of x.
        slope: of the hidden layers' rectifiers.
        rng: a NumPy generator.

    Raises:
        TooManyRegions: where the weights make too many.
    """
    layers = [
        AffineLayer(rng.normal(size=(m, n)) * np.sqrt(2.0 / m), rng.normal(size=n), slope)
        for m, n in itertools.pairwise(widths)
    ]
    last, scale = layers[-1], _shared(problem, problem.x.var(axis=0))
    kernel = np.where(scale > problem.minimum_scale, 0.5 * last.kernel, 0.0)
    layers[-1] = last._replace(kernel=kernel, bias=problem.x.mean(axis=0), slope=1.0)
    return evaluate(problem, layers, scale)


def _tried(problem, layers, scale):
    """Returns the `State` of layers and a scale, or None where these make too many regions."""
    try:
        return evaluate(problem, layers, scale)
    except TooManyRegions:
        return None


def _proposal(problem, state, index):
    layers = _in_units(state.layers, state.scale)
    given = layers, state.found
    if index < len(layers) - 1:
        layer = maximization_step.hidden_layer(*given, index, problem.prior_variance)
        return layer, state.scale
    layer, errors = maximization_step.last_layer(*given, state.scale, problem.prior_variance)
    layer = layer._replace(kernel=layer.kernel * state.scale, bias=layer.bias * state.scale)
    return layer, _shared(problem, errors * np.square(state.scale))


def _shared(problem, squares):
    """Returns the scale [D] of mean squares [D]: the root of the mean of each group."""
    sums = np.bincount(problem.groups, squares) / np.bincount(problem.groups)
    return np.maximum(np.sqrt(sums), problem.minimum_scale)[problem.groups]


def _between(old, new, share):
    kernel = old.kernel + share * (new.kernel - old.kernel)
    return old._replace(kernel=kernel, bias=old.bias + share * (new.bias - old.bias))


def _in_units(layers, scale):
    """Returns the layers with outputs in units of the noise."""
    last = layers[-1]
    return [*layers[:-1], last._replace(kernel=last.kernel / scale, bias=last.bias / scale)]


def _single(array):
    return np.asarray(array, "float32").astype("float64")
