"""Betti numbers of point clouds, by persistent homology."""

import importlib.util

import numpy as np

_FEW, _MANY = 600, 2500  # points of an alpha complex; a torus takes more
_LANDMARKS = 200  # of a Rips complex
_NEIGHBOR, _SPARSEST = 8, 0.05


def compared(manifold, true, new, seed=0):
    """Returns {"true": ..., "data": ..., "samples": ...}, Betti numbers; None without gudhi.

    A bar counts where it is at least half as long as the shortest bar that the data have by right.

    Args:
        manifold: the `Manifold`.
        true: draws of the data, [n, *event_shape].
        new: samples of a model, likewise.
        seed: of which points are taken. Default 0.
    """
    if importlib.util.find_spec("gudhi") is None:
        return None
    bars = [bars_of(x, manifold, seed) for x in (true, new)]
    dims = range(1, len(bars[0]) + 1)
    by_right = [bars[0][k - 1][manifold.betti[k] - 1 : manifold.betti[k]] for k in dims]
    known = [length[0] for length in by_right if len(length)]
    if not known:
        return None
    least = [0.5 * (length[0] if len(length) else min(known)) for length in by_right]
    return {
        "true": [int(manifold.betti[k]) for k in dims],
        "data": [int(np.sum(b >= limit)) for b, limit in zip(bars[0], least)],
        "samples": [int(np.sum(b >= limit)) for b, limit in zip(bars[1], least)],
    }


def bars_of(x, manifold, seed=0):
    """Returns the lengths of the bars in dimension 1 and, in R^2 and R^3, 2, each falling.

    Points in R^2 and R^3 make an alpha complex, 600 of them, or 2,500 of a manifold with loops and
    voids; others a Rips complex of 200 landmarks, one farthest from the last, to dimension 1. The
    twentieth with the farthest eighth neighbor is left out first: few points off a manifold end its
    bars.

    Args:
        x: [n, *event_shape].
        manifold: the `Manifold`.
        seed: of which points are taken. Default 0.
    """
    import gudhi

    flat = np.asarray(x, "float64").reshape(len(x), -1)
    dense = flat.shape[1] <= 3
    many = _MANY if sum(manifold.betti[1:]) > 1 else _FEW
    rows = np.random.default_rng(seed).permutation(len(flat))[:many]
    flat = _without_sparsest(flat[rows])
    if dense:
        complex_ = gudhi.AlphaComplex(points=flat).create_simplex_tree()
    else:
        rips = gudhi.RipsComplex(points=_landmarks(flat))
        complex_ = rips.create_simplex_tree(max_dimension=2)
    complex_.compute_persistence()
    lengths = []
    for dimension in (1, 2) if dense else (1,):
        ends = np.asarray(complex_.persistence_intervals_in_dimension(dimension)).reshape(-1, 2)
        ends = ends[np.isfinite(ends[:, 1])]
        ends = np.sqrt(np.maximum(ends, 0.0)) if dense else ends  # alpha values are squares
        lengths.append(np.sort(ends[:, 1] - ends[:, 0])[::-1])
    return lengths


def _without_sparsest(x):
    squares = np.sum(np.square(x), axis=1)
    distances = squares[:, None] + squares[None] - 2 * x @ x.T
    near = np.partition(distances, min(_NEIGHBOR, len(x) - 1), axis=1)[:, _NEIGHBOR]
    return x[near <= np.quantile(near, 1 - _SPARSEST)]


def _landmarks(x):
    """Returns 200 points, each the farthest from those before."""
    chosen, nearest = [0], np.sum(np.square(x - x[0]), axis=1)
    while len(chosen) < min(_LANDMARKS, len(x)):
        chosen.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, np.sum(np.square(x - x[chosen[-1]]), axis=1))
    return x[chosen]
