"""Generators of random weights, and x that they draw."""

import itertools

import numpy as np

from keras_infovae.distributions.piecewise_affine import AffineLayer, Generator
from keras_infovae.distributions.piecewise_affine.layers import outputs


def generator(sizes, scale, leak=0.1, seed=0):
    """Returns a `Generator` with layers of these sizes, from z to x, and noise of one scale."""
    rng = np.random.default_rng(seed)
    layers = [
        AffineLayer(1.5 * rng.normal(size=(m, n)) / np.sqrt(m), rng.normal(size=n), leak)
        for m, n in itertools.pairwise(sizes)
    ]
    layers[-1] = layers[-1]._replace(slope=1.0)
    ones = np.ones(sizes[-1])
    return Generator(layers, scale * ones, 0.0 * ones, ones)


def draws(generator, count, seed=1):
    """Returns x [count, D] of which the last third are far from what the generator makes."""
    rng = np.random.default_rng(seed)
    g = outputs(generator.layers, rng.normal(size=(count, generator.latent_dim)))
    x = g + generator.scale * rng.normal(size=g.shape)
    x[-(count // 3) :] *= 1.5
    return x
