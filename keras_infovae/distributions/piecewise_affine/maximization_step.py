"""The maximization step: layers that explain the data better, given the `Statistics`.

The regions stay as they are meanwhile, so that all is least squares. For the last layer that is
exact. For a hidden layer, whose weights move the regions' borders, it is a direction in which the
likelihood rises at first.

References:
    Balestriero, Paris, Baraniuk, Analytical Probability Distributions and EM-Learning for Deep
    Generative Networks, NeurIPS 2020, arXiv:2006.10023, section 3.2.
"""

import numpy as np

from keras_infovae.distributions.piecewise_affine.regions import map_between


def last_layer(layers, found, scale, prior_variance):
    """Returns (the last layer that explains x best, the mean squared errors [D] that it leaves).

    Args:
        layers: `AffineLayer`s whose outputs are in units of the noise.
        found: their `Statistics`.
        scale: that unit, [D].
        prior_variance: of every weight, in the unit that x has without the noise's.

    Returns:
        Layer and errors in units of the noise.
    """
    inner, with_x = last_system(layers, found)
    # One ridge per column of x: that of the prior, relative to the column's noise.
    values, vectors = np.linalg.eigh(inner)
    ridge = np.square(scale) / prior_variance
    weights = vectors @ ((vectors.T @ with_x) / (values[:, None] + ridge))
    errors = found.squares - 2.0 * (weights * with_x).sum(axis=0)
    errors += (weights * (inner @ weights)).sum(axis=0)
    layer = layers[-1]._replace(kernel=weights[:-1], bias=weights[-1])
    return layer, np.maximum(errors, 0.0) / found.count


def hidden_layer(layers, found, index, prior_variance):
    """Returns layer `index` with the weights that explain x best while the regions stay.

    Args:
        layers, found, prior_variance: as for `last_layer`.
        index: of a layer before the last.
    """
    system, target = hidden_system(layers, found, index)
    ridge = np.eye(len(system)) / prior_variance
    weights = np.linalg.solve(system + ridge, target.reshape(-1)).reshape(target.shape)
    return layers[index]._replace(kernel=weights[:, :-1].T, bias=weights[:, -1])


def hidden_system(layers, found, index):
    """Returns the normal equations of a hidden layer's weights and biases, [units, inputs + 1].

    `target - system w` is the gradient of the log-likelihood at the weights w of `found`.

    Args:
        layers, found, index: as for `hidden_layer`.

    Returns:
        (system, a matrix for w as one row after another; target [units, inputs + 1]).
    """
    layer, patterns = layers[index], found.regions.patterns
    inner, with_x = _moments_of_inputs(layers, found, index)
    units = layer.kernel.shape[1]
    after = map_between(layers, patterns, index + 1, len(layers), units)
    factor = np.where(patterns[index], 1.0, layer.slope)
    slopes = factor[:, :, None] * after.matrices
    with_x = with_x - inner[:, :, -1:] * after.offsets[:, None, :]
    target = np.einsum("rud,rkd->uk", slopes, with_x, optimize=True)
    regions, size = len(slopes), inner.shape[1]
    gram = slopes @ np.transpose(slopes, (0, 2, 1))
    system = gram.reshape(regions, -1).T @ inner.reshape(regions, -1)
    system = system.reshape(units, units, size, size).transpose(0, 2, 1, 3)
    return system.reshape(units * size, units * size), target


def last_system(layers, found):
    """Returns the normal equations of the last layer: (system [K, K], target [K, D]).

    K are its inputs and a 1, and `target - system w` the gradient, as for `hidden_system`.
    """
    inner, with_x = _moments_of_inputs(layers, found, len(layers) - 1)
    return inner.sum(axis=0), with_x.sum(axis=0)


def _moments_of_inputs(layers, found, index):
    """Returns sums of E[h h'] [R, K, K] and E[h] x' [R, K, D], h the inputs of a layer and a 1."""
    latent_dim = found.first.shape[1]
    maps = map_between(layers, found.regions.patterns, 0, index, latent_dim)
    a, b = maps.matrices, maps.offsets
    first = np.einsum("rs,rsu->ru", found.first, a)
    mean = first + found.mass[:, None] * b
    square = np.transpose(a, (0, 2, 1)) @ found.second @ a
    square += first[:, :, None] * b[:, None, :] + b[:, :, None] * mean[:, None, :]
    inner = np.zeros((len(a), a.shape[2] + 1, a.shape[2] + 1))
    inner[:, :-1, :-1] = square
    inner[:, :-1, -1] = inner[:, -1, :-1] = mean
    inner[:, -1, -1] = found.mass
    with_x = np.transpose(a, (0, 2, 1)) @ found.product + b[:, :, None] * found.x[:, None, :]
    return inner, np.concatenate([with_x, found.x[:, None, :]], axis=1)
