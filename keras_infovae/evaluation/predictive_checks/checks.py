"""Posterior predictive checks: where statistics of the data lie among those of replicas."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from keras_infovae.evaluation.predictive_checks.measures import measures_of
from keras_infovae.evaluation.predictive_checks.replicas import as_measured, replicas
from keras_infovae.evaluation.predictive_checks.statistics import GROUPS
from keras_infovae.typing import Condition, Frame, Model, Rows
from keras_infovae.utils.checks import argument_error, check_choice, check_integer

_FEWEST = 2  # examples, whose spread is defined


def posterior_predictive_checks(
    model: Model,
    x: Rows,
    statistics: Mapping[str, Callable] | Sequence[str] | None = None,
    num_replicas: int = 200,
    *,
    codes: str = "prior",
    seed: int = 0,
    condition: Condition = None,
    batch_size: int = 256,
    feature_names: Sequence[str] | None = None,
) -> Frame:
    """Returns where statistics of the data lie among those of replicas that the model makes.

    A replica has as many examples as x, under the same conditions, drawn from p(x|z) with its
    noise; the weights are those of the training. `codes` says where z is from:

        "prior"      z ~ p(z), as in `model.generate`: new examples (in Box's words, a prior
                     predictive check of z)
        "posterior"  z ~ q(z|x_i): the same examples again, a posterior predictive check of z

    With "prior", and x that the weights were not trained on, the tail probability is exact:
    for a model that is right it is below a with probability at most a. With "posterior", x is used
    twice, so that tail probabilities are drawn to the middle: a small one is a sign, a large one
    says little.

    Args:
        model: a trained model with `generate`; for "posterior" one with codes and p(x|z).
        x: array [n, ...] or DataFrame, n at least 2: held-out examples.
        statistics: names out of "mean", "standard deviation", "quantiles", "zeros", "shares" (of
            categories), "missing" and "correlations"; or {name: function} of functions from rows (a
            DataFrame for a model of tables, else an array as x) to a number. Default None: all of
            these names. Of arrays of more than 30 values without names, they are those of each
            example's mean, spread and share of zeros.
        num_replicas: how many, at least 19. The smallest tail probability is 2 / (num_replicas +
            1). Default 200.
        codes: "prior" (default) or "posterior".
        seed: integer. Default 0.
        condition: one row per example, where the model takes a condition. Default None.
        batch_size: examples computed at a time; it does not change the result. Default 256.
        feature_names: a name for each column of an array. Default None.

    Returns:
        A DataFrame, a row for each statistic: `data`, its value of x; `replicas` and `deviation`,
        mean and standard deviation over replicas; `low` and `high`, between which are 95 % of them;
        `tail_probability`, two-sided, 2 min(P(T <= data), P(T >= data)), at most 1, the data
        counted as one of the replicas. NaN where a statistic is not defined.

    Raises:
        ValueError, TypeError: for data that is not as the model was trained on, unknown statistics,
            functions that give no number, and models that cannot make replicas.

    Example:

    >>> checks = posterior_predictive_checks(model, data.test)  # doctest: +SKIP
    >>> checks.sort_values("tail_probability").head()  # doctest: +SKIP

    References:
        Rubin, Bayesianly Justifiable and Relevant Frequency Calculations for the Applied
        Statistician, Annals of Statistics 1984.
        Gelman, Meng, Stern, Posterior Predictive Assessment of Model Fitness via Realized
        Discrepancies, Statistica Sinica 1996.
        Box, Sampling and Bayes' Inference in Scientific Modelling and Robustness, Journal of the
        Royal Statistical Society A 1980.
    """
    check_codes(model, codes)
    check_integer("num_replicas", num_replicas, minimum=19)
    seed = check_integer("seed", seed, minimum=0)
    function = _function_of(model, statistics, feature_names)
    prepared, condition = model.example_spec.arrays(x, condition)
    if len(prepared) < _FEWEST:
        raise argument_error("x", f"of at least {_FEWEST} examples", len(prepared))
    of_data = function(as_measured(model, x, prepared))
    made = replicas(model, prepared, num_replicas, codes, seed, condition, batch_size)
    return _table(of_data, [function(rows) for rows in made])


def check_codes(model, codes):
    """Raises ValueError for another source of codes, or one that the model does not have."""
    needed = {"prior": ("generate",), "posterior": ("encode", "likelihood")}
    for capability in needed[check_choice("codes", codes, needed)]:
        model.capabilities.require(capability, "A replica of the data")


def tail_probability(value, replicas):
    """Returns the two-sided tail probability of `value` among `replicas` [k], which it is one of.

    With values that are exchangeable with the replicas', it is below a with probability at most a.
    """
    replicas = replicas[~np.isnan(replicas)]
    if np.isnan(value) or not len(replicas):
        return float("nan")
    counts = np.sum(replicas <= value), np.sum(replicas >= value)
    return float(min(1.0, 2.0 * (1 + min(counts)) / (len(replicas) + 1)))


def _function_of(model, statistics, feature_names):
    """Returns a function from rows to {name: value}."""
    if isinstance(statistics, Mapping):
        for name, function in statistics.items():
            if not callable(function):
                raise argument_error(f"statistics[{name!r}]", "a function", function, TypeError)
        return lambda rows: {name: _number(name, f(rows)) for name, f in statistics.items()}
    if isinstance(statistics, str):
        raise argument_error("statistics", "a list of names", statistics, TypeError)
    names = list(GROUPS) if statistics is None else list(statistics)
    groups = [GROUPS[check_choice("statistics", name, GROUPS)] for name in names]

    def function(rows):
        measures = measures_of(model, rows, feature_names)
        return {name: value for group in groups for name, value in group(measures).items()}

    return function


def _number(name, value):
    if np.ndim(value) != 0 or np.asarray(value).dtype.kind not in "fiub":
        raise argument_error(f"statistics[{name!r}]", "a function to a number", value, TypeError)
    return float(value)


def _table(of_data, of_replicas):
    import pandas

    rows = {}
    for name, value in of_data.items():
        found = np.array([each[name] for each in of_replicas], "float64")
        known = found[~np.isnan(found)]
        low, high = np.quantile(known, [0.025, 0.975]) if len(known) else (np.nan, np.nan)
        rows[name] = {
            "data": value,
            "replicas": np.mean(known) if len(known) else np.nan,
            "deviation": np.std(known) if len(known) else np.nan,
            "low": low,
            "high": high,
            "tail_probability": tail_probability(value, found),
        }
    return pandas.DataFrame.from_dict(rows, orient="index")
