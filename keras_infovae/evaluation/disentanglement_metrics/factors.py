"""Codes and factors in the form that all metrics take."""

import dataclasses

import numpy as np

from keras_infovae.evaluation.label_use import check_codes
from keras_infovae.tables.frames import is_frame
from keras_infovae.utils.arrays import check_finite
from keras_infovae.utils.checks import argument_error, check_integer


@dataclasses.dataclass(frozen=True)
class Factors:
    """Factors of n examples, one array [n] each.

    Args:
        columns: for a discrete factor the numbers 0, 1, ... of its values, int64; for a continuous
            one its values, float64.
        discrete: for each factor, whether it is.
    """

    columns: tuple
    discrete: tuple

    def groups(self, bins):
        """Returns a list of int64 [n]: discrete factors, and continuous ones in equal bins."""
        return [
            column if discrete else in_bins(column, bins)
            for column, discrete in zip(self.columns, self.discrete)
        ]


def check_codes_and_factors(z, factors, discrete=None, least_latents=1, least_factors=1):
    """Returns (z float64 [n, latent_dim], `Factors`).

    Args:
        z: [n, latent_dim].
        factors: [n, num_factors], numbers: an array or a DataFrame.
        discrete: one boolean for each factor, or None: True for integers and truth values, False
            for others; of a DataFrame, and an array of Python objects, by column.
        least_latents, least_factors: what the metric needs.

    Raises:
        ValueError: for too few of anything: dimensions, factors, values of a factor, or examples
            for the values that there are (two for each at least).
    """
    z = check_codes(z)
    factors, are_whole = _numbers_of(factors)
    if factors.ndim != 2 or len(factors) != len(z):
        raise argument_error("factors", f"an array [{len(z)}, num_factors]", factors.shape)
    check_finite("factors", factors)
    if z.shape[1] < least_latents:
        raise argument_error("z", f"of at least {least_latents} dimensions", z.shape[1])
    if factors.shape[1] < least_factors:
        raise argument_error("factors", f"at least {least_factors} factors", factors.shape[1])
    discrete = are_whole if discrete is None else discrete
    kinds = np.asarray(discrete)
    if kinds.shape != (factors.shape[1],) or kinds.dtype != bool:
        raise argument_error("discrete", f"{factors.shape[1]} booleans, one per factor", discrete)
    columns = []
    for i, (column, is_discrete) in enumerate(zip(factors.T, discrete)):
        values, numbers = np.unique(column, return_inverse=True)
        if len(values) < 2:
            raise argument_error(f"factors[:, {i}]", "of at least two values", values.tolist())
        if is_discrete and len(column) < 2 * len(values):
            found = f"{len(column)} examples of {len(values)} values"
            raise argument_error(f"factors[:, {i}]", "of two examples per value on average", found)
        columns.append(numbers.astype("int64") if is_discrete else column.astype("float64"))
    return z, Factors(tuple(columns), tuple(map(bool, discrete)))


def _numbers_of(factors):
    """Returns factors as an array, and a list of which columns are integers or truth values."""
    if is_frame(factors):
        columns = [np.array(column.tolist()) for _, column in factors.items()]
    else:
        factors = np.asarray(factors)
        if factors.dtype != object or factors.ndim != 2:
            return factors, [factors.dtype.kind in "biu"] * (factors.ndim == 2 and factors.shape[1])
        columns = [np.array(column.tolist()) for column in factors.T]
    array = np.stack(columns, axis=1) if columns else np.empty([len(factors), 0])
    return array, [column.dtype.kind in "biu" for column in columns]


def in_bins(values, bins):
    """Returns the numbers 0 to bins - 1 of the bins of equal width that `values` [n] lie in."""
    check_integer("bins", bins, minimum=2)
    edges = np.linspace(values.min(), values.max(), bins + 1)
    return np.digitize(values, edges[1:-1])


def halves(n, seed):
    """Returns the rows of a random half of n examples, and those of the other."""
    order = np.random.default_rng(check_integer("seed", seed, minimum=0)).permutation(n)
    return order[: n // 2], order[n // 2 :]
