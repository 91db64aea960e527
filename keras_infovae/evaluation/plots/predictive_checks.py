"""The columns of a table beside those of replicas that the model makes of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from keras_infovae.evaluation.plots import style, views
from keras_infovae.evaluation.predictive_checks.checks import check_codes
from keras_infovae.evaluation.predictive_checks.measures import measures_of
from keras_infovae.evaluation.predictive_checks.replicas import as_measured, replicas
from keras_infovae.tables.columns.date_time import DAYS
from keras_infovae.typing import Condition, Model, Path, Rows
from keras_infovae.utils.checks import check_integer

_ACROSS = 4
_MOST_CATEGORIES = 8
_SOURCES = {
    "prior": "new examples, z from p(z)",
    "posterior": "the same examples again, z from q(z|x)",
}


def plot_predictive_checks(
    model: Model,
    path: Path,
    x: Rows,
    *,
    num_replicas: int = 100,
    codes: str = "prior",
    seed: int = 0,
    feature_names: Sequence[str] | None = None,
    condition: Condition = None,
) -> str:
    """Draws the histogram of each column, in its own unit, among those of replicas.

    A replica has as many examples as x, so that its histogram is as rough: the data should lie in
    the band of 95 % of the replicas, bar by bar, but for one bar in twenty.

    Args:
        model: a trained model.
        path: the PNG file to write.
        x: array [n, ...] or DataFrame.
        num_replicas, codes: as for `posterior_predictive_checks`. Default 100 of "prior".
        seed: integer. Default 0.
        feature_names: a name for each column of an array. Default None.
        condition: one row per example, where the model takes a condition. Default None.

    Returns:
        `path`.

    Raises:
        ValueError, TypeError: for data that is not as the model was trained on, and models that
            cannot make replicas.
    """
    path = style.check_path(path)
    check_codes(model, codes)
    check_integer("num_replicas", num_replicas, minimum=19)
    prepared, condition = model.example_spec.arrays(x, condition)
    data = _columns(measures_of(model, as_measured(model, x, prepared), feature_names))
    made = [
        _columns(measures_of(model, rows, feature_names))
        for rows in replicas(model, prepared, num_replicas, codes, seed, condition)
    ]
    names = list(data)[: views.MOST_PANELS]
    across = min(_ACROSS, len(names))
    shown = "" if len(names) == len(data) else f" Shown: the first {len(names)} of {len(data)}."
    figure = style.new_figure(
        f"{len(prepared):,} examples among {num_replicas} replicas of them, column by column",
        "Good: gray, the data, ends within the blue band of 95 % of the replicas "
        f"({_SOURCES[codes]}), in 19 of 20 bars.{shown}",
        width=max(6.4, 2.5 * across),
        height=1.9 * -(-len(names) // across) + 0.2,
    )
    for axes, name in zip(style.panels(figure, len(names), across), names, strict=True):
        _draw(axes, name, data[name], [each[name] for each in made])
    return style.write(figure, path)


def _columns(measures):
    """Returns {column: its measures}."""
    found = {}
    for measure in measures:
        found.setdefault(measure.column, []).append(measure)
    return found


def _draw(axes, name, data, made):
    """Draws one column: `data` are its measures, `made` those of each replica."""
    title = name
    if data[0].is_share:
        labels, heights = _categories(name, data)
        found = np.array([_categories(name, each)[1] for each in made])
        chosen = np.argsort(-heights, kind="stable")[:_MOST_CATEGORIES]
        heights, found = heights[chosen], found[:, chosen]
        edges = np.arange(len(chosen) + 1.0) - 0.5
        axes.set_xticks(
            range(len(chosen)), [style.shortened(labels[i], 36 // len(chosen)) for i in chosen]
        )
    else:
        edges = _edges(data[0].values, np.concatenate([each[0].values for each in made]))
        heights = _histogram(data[0].values, edges)
        found = np.array([_histogram(each[0].values, edges) for each in made])
        axes.locator_params(axis="x", nbins=4)
        if data[0].name.endswith(DAYS):
            axes.locator_params(axis="x", nbins=3)
            axes.xaxis.set_major_formatter(lambda day, place: str(np.datetime64(int(day), "D")))
        else:
            title = data[0].name
    low, high = np.quantile(found, [0.025, 0.975], axis=0)
    axes.bar(
        *(0.5 * (edges[:-1] + edges[1:]), heights),
        **{"width": 0.94 * np.diff(edges), "color": style.DATA, "alpha": 0.55},
    )
    axes.stairs(high, edges, baseline=low, fill=True, color=style.MODEL, alpha=0.28)
    axes.stairs(np.median(found, axis=0), edges, baseline=None, color=style.MODEL, linewidth=1.2)
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(0, 1.18 * max(heights.max(), high.max(), 1e-9))
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    style.panel_title(axes, title, most=30)
    missing = [np.mean(np.isnan(each[0].values)) for each in (data, *made)]
    if any(missing):
        low, high = np.quantile(missing[1:], [0.025, 0.975])
        axes.text(
            *(0.98, 0.97, f"missing {missing[0]:.0%}, replicas {low:.0%} to {high:.0%}"),
            **{"transform": axes.transAxes, "ha": "right", "va": "top"},
            **{"size": 7, "color": style.INK},
        )


def _categories(name, measures):
    """Returns the labels and the shares [k] of the categories of a column; of two, both."""
    labels = [measure.name.removeprefix(f"{name}=") for measure in measures]
    shares = [_share(measure.values) for measure in measures]
    if len(labels) == 1:
        labels, shares = [*labels, f"not {labels[0]}"], [*shares, 1.0 - shares[0]]
    return labels, np.array(shares)


def _share(values):
    known = values[~np.isnan(values)]
    return float(np.mean(known)) if len(known) else 0.0


def _histogram(values, edges):
    """Returns the shares of the known values in each bin; what lies beyond is in the outer ones."""
    known = values[~np.isnan(values)]
    counts, _ = np.histogram(np.clip(known, edges[0], edges[-1]), edges)
    return counts / max(len(known), 1)


def _edges(values, made):
    """Returns edges of bins: of whole numbers one each, if there are few."""
    known, made = (each[~np.isnan(each)] for each in (values, made))
    both = np.concatenate([known, made])
    if not len(both):
        return np.array([-0.5, 0.5])
    low, high = np.quantile(both, [0.005, 0.995])
    if len(known):  # the bulk of either
        low = min(low, np.quantile(known, 0.01))
        high = max(high, np.quantile(known, 0.99))
    if np.all(both == np.rint(both)) and high - low <= 25:
        return np.arange(np.floor(low), np.ceil(high) + 2) - 0.5
    margin = 0.01 * (high - low) or 0.5
    bins = int(np.clip(np.sqrt(len(known)), 8, 25))
    return np.linspace(low - margin, high + margin, bins + 1)
