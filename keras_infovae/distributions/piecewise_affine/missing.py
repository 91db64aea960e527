"""Values of x that are missing, given the others: of the same model with less values."""

import numpy as np
import tensorflow as tf

from keras_infovae.distributions.piecewise_affine import mixture
from keras_infovae.distributions.piecewise_affine.generator import rows_at_once
from keras_infovae.distributions.piecewise_affine.layers import outputs
from keras_infovae.distributions.piecewise_affine.posterior import piecewise_affine_posterior
from keras_infovae.utils.row_random import fold_in, normal, seeds_of_rows


def fill_in(generator, x, seeds=None):
    """Returns x, float64, with every NaN replaced, [n, D]; or [k, n, D], for each of k seeds.

        E[x_m | x_o] = sum_w p(w | x_o) (A_m' E[z | x_o, w] + b_m)

    Args:
        generator: a `Generator`.
        x: float64 [n, D], NaN where a value is missing.
        seeds: integers, each for a draw from p(x_m | x_o). Default None: its mean.

    Raises:
        ValueError: as `Generator.pieces`.
    """
    pieces = generator.pieces()
    filled = np.array(x if seeds is None else [x] * len(seeds))
    missing = np.isnan(x)
    patterns, of_row = np.unique(missing, axis=0, return_inverse=True)
    size = max(1, rows_at_once(pieces) // (1 if seeds is None else len(seeds)))
    for number, pattern in enumerate(patterns):
        if not pattern.any():
            continue
        rows = np.flatnonzero(of_row.reshape(-1) == number)
        for start in range(0, len(rows), size):
            block = rows[start : start + size]
            scaled = generator.in_noise_units(x[block])[:, ~pattern]
            fill = _means if seeds is None else _draws(seeds, block)
            values = fill(generator, pieces, pattern, scaled)
            unit, offset = generator.unit[pattern], generator.offset[pattern]
            values = offset + unit * generator.scale[pattern] * values
            filled[..., block[:, None], np.flatnonzero(pattern)] = values
    return filled


def _means(generator, pieces, pattern, x):
    """Returns E[x_m | x_o] in units of the noise."""
    seen = _seen(pieces, pattern)
    whitened = mixture.whiten(seen, tf.constant(x))
    pairs = mixture.pairs_of(whitened, with_moments=True)
    log_p = mixture.log_marginal(pairs, len(x))
    weights = tf.exp(pairs.log_joint - tf.gather(log_p, pairs.rows)).numpy()
    means = mixture.latent_moments(whitened, pairs)[0].numpy()
    rows, regions = pairs.rows.numpy(), pairs.regions.numpy()
    found = np.zeros((len(x), pattern.sum()))
    matrices, offsets = pieces.matrices.numpy()[:, :, pattern], pieces.offsets.numpy()[:, pattern]
    for region in np.unique(regions):
        pair = regions == region
        values = means[pair] @ matrices[region] + offsets[region]
        np.add.at(found, rows[pair], weights[pair, None] * values)
    return found


def _draws(seeds, rows):
    """Returns the function that draws x_m, in units of the noise, for rows of these numbers."""

    def draw(generator, pieces, pattern, x):
        count = int(rows.max()) + 1
        each = tf.concat([tf.gather(seeds_of_rows(seed, 0, count), rows) for seed in seeds], axis=0)
        q = piecewise_affine_posterior(_seen(pieces, pattern), tf.constant(x), None)
        z = q.sample_each(tf.reshape(fold_in(each, 0), [len(seeds), -1, 2])).numpy()
        noise = normal(fold_in(each, 1), [len(pattern)]).numpy()
        return (outputs(generator.whitened(), z) + noise.reshape(*z.shape[:2], -1))[..., pattern]

    return draw


def _seen(pieces, pattern):
    """Returns the `Pieces` of the values that are there."""
    places = np.flatnonzero(~pattern)
    matrices = tf.gather(pieces.matrices, places, axis=2)
    return mixture.Pieces(pieces.cells, matrices, tf.gather(pieces.offsets, places, axis=1))
