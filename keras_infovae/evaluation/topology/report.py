"""What a model makes of data of known shape: samples, reconstructions, what is between codes."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras_infovae.datasets.dataset import Dataset
from keras_infovae.evaluation.topology import holes
from keras_infovae.typing import Model, Numbers
from keras_infovae.utils.checks import argument_error, check_integer

_TEST_POINTS = 2000
_PAIRS = 400
_BETWEEN = (0.25, 0.5, 0.75)


def manifold_report(
    model: Model, data: Any, *, count: int = 4000, seed: int = 0, batch_size: int = 256
) -> Numbers:
    """Returns what `model` makes of data that lie on a known manifold, nested dictionaries.

    Args:
        model: a trained model without a condition.
        data: the `Dataset` that it was trained on, of a set of known shape: `ki.datasets.load` of
            "circle", "sphere", "torus", "rotated_arrow", "periodic_blob" or "turned_arrow".
        count: how many samples are drawn, an integer of at least 100. Default 4000.
        seed: integer of at least 0. Default 0.
        batch_size: examples computed at a time. Default 256.

    Returns:
        A dictionary of parts, None where the model lacks what one takes. All lengths are in the
        unit of the manifold, before any scaling.
            samples: `residual`, the mean distance to the manifold (of images, relative to the norm
                of the nearest); `on_share`, of samples within the manifold's tolerance; of these
                `coverage`, the share of its cells of equal probability that they hit, and
                `total_variation` between their distribution over cells and the uniform one, where
                samples that are off count as missing; and `coverage_of_true_draws` and
                `total_variation_of_true_draws`, of as many draws of the data.
            reconstruction: `mean`, `quantile_99` and `worst` distance from x to its reconstruction,
                over 2,000 new points: a mean hides the seam that a single map has; and
                `lower_bound` of the worst (`Manifold.reconstruction_bound`), or None.
            between_codes: `seam`, the largest residual a quarter, half and three quarters of the
                way between the codes of neighbors: where a map was cut; `interpolation`, the mean
                residual half way between the codes of any two points.
            betti: the Betti numbers from 1 on, lists: the `true` ones of the manifold, and those
                that persistent homology finds in the `data` and in the `samples`; None without
                gudhi (pip install keras-infovae[topology]). They alone prove little: a curve whose
                ends nearly meet has the circle's loop.

    Raises:
        ValueError: for data of unknown shape, or a model that has a condition or generates numbers
            that are not finite.
        TypeError: for data that are no `Dataset`, such as an array, and counts that are no
            integers.

    Example:

    >>> import keras_infovae as ki
    >>> data = ki.datasets.load("circle", limit=300)
    >>> model = ki.InfoVAE(2, likelihood="normal", seed=0)
    >>> history = model.fit(data.train, epochs=1, verbose=0)
    >>> found = ki.evaluation.manifold_report(model, data, count=200)
    >>> sorted(found), 0 <= found["samples"]["on_share"] <= 1
    (['betti', 'between_codes', 'reconstruction', 'samples'], True)
    """
    check_integer("count", count, minimum=100)
    check_integer("seed", seed, minimum=0)
    _check(model, data)
    manifold = data.manifold
    can, batches = model.capabilities, {"batch_size": batch_size}
    points = manifold.sample(_TEST_POINTS, seed + 1)
    x = data.scaling.apply(points)
    report = dict.fromkeys(("samples", "reconstruction", "between_codes", "betti"))
    if "generate" in can:
        new = data.scaling.invert(model.generate(count, seed=seed, **batches))
        if not np.all(np.isfinite(new)):
            raise argument_error("model", "one that generates finite numbers", model.name)
        true = manifold.sample(count, seed + 2)
        report["samples"] = _of_samples(manifold, new, true)
        report["betti"] = holes.compared(manifold, true, new, seed)
    if "reconstruct" in can:
        found = data.scaling.invert(model.reconstruct(x, **batches))
        errors = np.linalg.norm((found - points).reshape(len(x), -1), axis=1)
        report["reconstruction"] = {
            "mean": float(errors.mean()),
            "quantile_99": float(np.quantile(errors, 0.99)),
            "worst": float(errors.max()),
            "lower_bound": _bound(manifold, model.code_dim),
        }
    if {"encode", "decode"} <= set(can) and model.latent_support != "sphere":
        report["between_codes"] = _between(model, data, x[:_PAIRS], seed, batches)
    return report


def _check(model, data):
    known = "a data set of known shape, such as ki.datasets.load('circle')"
    if not isinstance(data, Dataset):
        raise argument_error("data", known, type(data), TypeError)
    if data.manifold is None:
        raise argument_error("data", known, data.name)
    if model.condition.size:
        raise argument_error("model", "one without a condition", model.name)


def _bound(manifold, code_dim):
    return None if code_dim is None else manifold.reconstruction_bound(code_dim)


def _of_samples(manifold, new, true):
    def shares(x):
        on = manifold.residual(x) < manifold.tolerance
        counts = np.bincount(manifold.cells(x)[on], minlength=manifold.num_cells) / len(x)
        coverage, even = np.mean(counts > 0), 1.0 / manifold.num_cells
        return float(on.mean()), float(coverage), float(0.5 * np.abs(counts - even).sum())

    on, coverage, variation = shares(new)
    _, true_coverage, true_variation = shares(true)
    return {
        "residual": float(manifold.residual(new).mean()),
        "on_share": on,
        "coverage": coverage,
        "total_variation": variation,
        "coverage_of_true_draws": true_coverage,
        "total_variation_of_true_draws": true_variation,
    }


def _between(model, data, x, seed, batches):
    """Returns the residuals of what is decoded between the codes of neighbors, and of any two."""
    flat = x.reshape(len(x), -1)
    squares = np.sum(np.square(flat[:, None] - flat[None]), axis=-1)
    np.fill_diagonal(squares, np.inf)
    z = model.encode(x, **batches)

    def residuals(others, shares):
        beside = model.encode_beside(x[others], z, **batches)
        way = [data.manifold.residual(decoded(z + share * (beside - z))) for share in shares]
        return np.concatenate(way)

    def decoded(codes):
        return data.scaling.invert(model.decode(codes, **batches))

    others = np.random.default_rng(seed).permutation(len(x))
    return {
        "seam": float(residuals(squares.argmin(axis=1), _BETWEEN).max()),
        "interpolation": float(residuals(others, (0.5,)).mean()),
    }
