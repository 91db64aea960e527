"""What the model makes, beside the data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from keras_infovae.evaluation.conditions import check_condition, draw
from keras_infovae.evaluation.examples import check_examples, new_examples
from keras_infovae.evaluation.plots import class_samples, style, views
from keras_infovae.evaluation.plots.labels import check_class_names
from keras_infovae.evaluation.texts import check_is_of_numbers
from keras_infovae.typing import Condition, Model, Path, Rows

_IMAGE_SIDE = 8
_MOST_POINTS = 2000
_CURVES = 12


def plot_samples(
    model: Model,
    path: Path,
    x: Rows | None = None,
    *,
    seed: int = 0,
    feature_names: Sequence[str] | None = None,
    condition: Condition = None,
    class_names: Sequence[str] | None = None,
) -> str:
    """Draws new examples beside examples of the data.

    Images are the means of p(x|z). Of a table, the histogram of each column; the draws are then
    from p(x|z), noise included, where the likelihood is that of unbounded values.

    Of a model whose condition is a class, images come in a row per class (up to ten), made from the
    same z down each column. Under any other condition, and for other data, each sample has the
    condition of an example drawn by `seed`.

    Args:
        model: a trained model.
        path: the PNG file to write.
        x: array [n, ...] to compare with, or None (default) for the samples alone.
        seed: integer. Default 0.
        feature_names: a name per column, for tables. Default None.
        condition: where the model takes a condition, one row per example of `x`, or without `x` any
            rows to generate under. Default None.
        class_names: a name per class of the condition. Default None: their numbers.

    Returns:
        `path`.

    Raises:
        ValueError, TypeError: for data that is not as the model was trained on.
    """
    path = style.check_path(path)
    check_is_of_numbers(model, "plot_samples")
    model.capabilities.require("generate", "The picture of samples")
    if x is None:
        condition = check_condition(model, condition)
    else:
        x, condition = check_examples(model, x, condition, minimum=1)
    class_names = check_class_names(class_names, model)
    kind = views.view(model.event_shape, feature_names)
    if kind == views.IMAGES and model.condition.num_classes:
        return class_samples.plot(model, x, condition, class_names, seed, path)
    note = "" if condition is None else " Samples have the conditions of examples, drawn."
    if kind == views.IMAGES:
        given = draw(condition, _IMAGE_SIDE**2, seed)
        samples = model.generate(_IMAGE_SIDE**2, seed=seed, condition=given, prepared=True)
        shown = None if x is None else x[_indices(x, len(samples))]
        return _images(model, shown, samples, note, path)
    count = _CURVES if kind == views.CURVES else _MOST_POINTS
    # Bounded values (gray levels, shares) are shown as their means, real values with their noise.
    noise, given = model.example_spec.values.minimum is None, draw(condition, count, seed)
    samples = new_examples(model, count, seed=seed, sample=noise, condition=given)
    samples = views.rows_of(model, samples)
    values = None if x is None else views.rows_of(model, x[_indices(x, count)])
    if kind == views.CURVES:
        return _curves(values, samples, note, path)
    return _columns(values, samples, feature_names, note, path)


def _indices(x, count):
    return views.spread_out(len(x), count)


def _images(model, x, samples, note, path):
    shown = views.ImageView(model, samples if x is None else x)
    parts = [("samples", samples)]
    if x is not None:
        parts.insert(0, ("data", x))
    height, width = samples.shape[1:3]
    side = 4.4 if x is not None else 6.2
    figure = style.new_figure(
        "New examples, made by the model",
        f"Good: as varied as the data, and none that could not be data.{note}{shown.note}",
        width=len(parts) * side + 0.2,
        height=side * height / width + 0.3,
    )
    grid = figure.add_gridspec(1, len(parts))
    for i, (name, images) in enumerate(parts):
        axes = style.bare_axes(figure.add_subplot(grid[i]))
        axes.imshow(shown.mosaic(images, _IMAGE_SIDE))
        axes.set_title(name, size=10.5, color=style.INK, loc="left", pad=6)
    return style.write(figure, path)


def cumulative_gap(values, samples):
    """Returns, per column, the largest gap between both cumulative distributions, in [0, 1].

    It is the statistic of Kolmogorov and Smirnov: 0 where the samples are distributed as the data.
    """
    gaps = []
    for a, b in zip(values.T, samples.T, strict=True):
        a, b = (np.sort(of[~np.isnan(of)]) for of in (a, b))
        if not (len(a) and len(b)):  # of a column without any value
            gaps.append(float(len(a) > 0))
            continue
        at = np.concatenate([a, b])
        shares = (np.searchsorted(sorted_, at, side="right") / len(sorted_) for sorted_ in (a, b))
        gaps.append(np.abs(np.subtract(*shares)).max())
    return np.array(gaps)


def _columns(values, samples, feature_names, note, path):
    names = views.check_features(feature_names, samples.shape[1])
    gaps = None if values is None else cumulative_gap(values, samples)
    chosen, which = np.arange(len(names))[: views.MOST_PANELS], ""
    if len(names) > views.MOST_PANELS:
        which = f" Shown: the first {views.MOST_PANELS} of {len(names)} columns."
        if gaps is not None:
            chosen = np.sort(np.argsort(-gaps, kind="stable")[: views.MOST_PANELS])
            which = f" Shown: the {views.MOST_PANELS} of {len(names)} columns with largest gap."
    what = "Good: blue, the samples, fills gray, the data. The gap is the largest between both "
    what += f"cumulative distributions: 0 is none.{which}{note}"
    across = min(6, len(chosen))
    figure = style.new_figure(
        f"{len(samples):,} new examples, made by the model, column by column",
        what if gaps is not None else f"Good: distributed as the data.{which}{note}",
        width=max(6.4, 1.9 * across),
        height=1.6 * -(-len(chosen) // across) + 0.2,
    )
    bins = int(np.clip(2 * np.sqrt(len(samples if values is None else values)), 8, 40))
    for axes, i in zip(style.panels(figure, len(chosen), across), chosen, strict=True):
        drawn = samples[~np.isnan(samples[:, i]), i]
        data = drawn if values is None else values[~np.isnan(values[:, i]), i]
        data, drawn = data if len(data) else drawn, drawn if len(drawn) else data
        low, high = _range(data, drawn)
        shared = {"bins": np.linspace(low, high, bins + 1), "density": True}
        if values is not None:
            axes.hist(data, color=style.DATA, alpha=0.55, **shared)
        axes.hist(drawn, histtype="step", color=style.MODEL, linewidth=1.4, **shared)
        axes.set_xlim(low, high)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.locator_params(axis="x", nbins=4)
        style.panel_title(axes, names[i], most=22)
        if gaps is not None:
            axes.text(
                *(0.97, 0.95, f"gap {gaps[i]:.2f}"),
                **{"transform": axes.transAxes, "ha": "right", "va": "top"},
                **{"size": 8, "color": style.INK},
            )
    return style.write(figure, path)


def _range(data, samples):
    """Returns limits that show the data whole, and the bulk of the samples."""
    low = min(data.min(), np.percentile(samples, 1))
    high = max(data.max(), np.percentile(samples, 99))
    margin = 0.03 * (high - low) or 0.5
    return low - margin, high + margin


def _curves(values, samples, note, path):
    parts = [("samples", samples, style.MODEL)]
    if values is not None:
        parts.insert(0, ("data", values, style.MUTED))
    figure = style.new_figure(
        "New examples, made by the model",
        f"Good: as varied as the data, and none that could not be data.{note}",
        width=5.0 * len(parts),
        height=3.4,
    )
    grid = figure.add_gridspec(1, len(parts))
    first = None
    for i, (name, curves, color) in enumerate(parts):
        first = style.style_axes(figure.add_subplot(grid[i], sharey=first))
        first.plot(curves.T, color=color, linewidth=1.0, alpha=0.6)
        first.margins(x=0)
        first.set_xlabel("position in x", size=9, color=style.MUTED)
        style.panel_title(first, name, most=40)
    return style.write(figure, path)
