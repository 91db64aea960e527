"""What comes back when examples are encoded and decoded."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from keras_infovae.evaluation.conditions import take
from keras_infovae.evaluation.examples import check_examples
from keras_infovae.evaluation.plots import style, views
from keras_infovae.evaluation.texts import check_is_of_numbers
from keras_infovae.typing import Condition, Model, Path, Rows

_MOST_POINTS = 1000
_IMAGE_COLUMNS = 10
_CURVES = 6


def plot_reconstructions(
    model: Model,
    path: Path,
    x: Rows,
    *,
    feature_names: Sequence[str] | None = None,
    condition: Condition = None,
) -> str:
    """Draws examples and, under or against them, the means of p(x|z) at their codes.

    Images are shown in pairs of rows; a table as one panel per column, value against
    reconstruction; other data as curves.

    Args:
        model: a trained model.
        path: the PNG file to write.
        x: array [n, ...], best of examples that the model was not trained on.
        feature_names: a name per column, for tables. Default None.
        condition: one row per example, where the model takes a condition. Default None.

    Returns:
        `path`.

    Raises:
        ValueError, TypeError: for data that is not as the model was trained on.
    """
    path = style.check_path(path)
    check_is_of_numbers(model, "plot_reconstructions")
    model.capabilities.require("reconstruct", "The picture of reconstructions")
    x, condition = check_examples(model, x, condition, minimum=1)
    kind = views.view(x.shape[1:], feature_names)
    count = _CURVES if kind == views.CURVES else _MOST_POINTS
    if kind == views.IMAGES:
        count = 2 * _IMAGE_COLUMNS if len(x) >= 2 * _IMAGE_COLUMNS else _IMAGE_COLUMNS
    chosen = views.spread_out(len(x), count)
    x, condition = x[chosen], take(condition, chosen)
    restored = model.reconstruct(x, condition=condition)
    if kind == views.IMAGES:
        return _images(model, x, restored, path)
    values, restored = views.rows_of(model, x), views.rows_of(model, restored)
    if kind == views.CURVES:
        return _curves(values, restored, path)
    return _columns(values, restored, feature_names, path)


def _images(model, x, restored, path):
    columns = min(_IMAGE_COLUMNS, len(x))
    shown = views.ImageView(model, x)
    rows = [slice(start, start + columns) for start in range(0, len(x), columns)]
    aspect = x.shape[1] / x.shape[2]
    figure = style.new_figure(
        "Reconstructions of examples",
        "Good: each image in a lower row is the one above it. Blur is what the code does not tell."
        + shown.note,
        width=max(6.4, 0.9 * columns + 1.0),
        height=len(rows) * 0.9 * aspect * 2 + 0.25 * len(rows),
    )
    grid = figure.add_gridspec(len(rows), 1)
    for i, row in enumerate(rows):
        axes = style.bare_axes(figure.add_subplot(grid[i]))
        canvas = shown.mosaic(np.concatenate([x[row], restored[row]]), columns)
        axes.imshow(canvas)
        axes.set_yticks(
            views.mosaic_centers(len(canvas), 2), ["input", "recon-\nstruction"], size=8.5
        )
        axes.tick_params(length=0, colors=style.INK)
    return style.write(figure, path)


def explained_variance(values, restored):
    """Returns, per column, 1 - E (x - x')^2 / Var(x): 1 is exact, 0 no better than the mean.

    What is missing (NaN) does not count.
    """
    known = np.where(np.all(np.isnan(values), axis=0), 0.0, values)  # of none, nothing is wrong
    error = np.nanmean((known - restored) ** 2, axis=0)
    variance = np.nanvar(known, axis=0)
    return 1.0 - np.divide(error, variance, out=(error > 0) * 1.0, where=variance > 0)


def _columns(values, restored, feature_names, path):
    names = views.check_features(feature_names, values.shape[1])
    explained = explained_variance(values, restored)
    chosen, which = np.arange(len(names)), ""
    if len(names) > views.MOST_PANELS:
        chosen = np.sort(np.argsort(explained, kind="stable")[: views.MOST_PANELS])
        which = f" Shown: the {views.MOST_PANELS} of {len(names)} columns restored worst."
    across = min(6, len(chosen))
    figure = style.new_figure(
        f"Reconstructions of {len(values)} examples, column by column",
        "Good: points on the diagonal. Flat clouds are columns that the code does not tell. "
        f"R² is the share of the variance restored: 1 is all of it.{which}",
        width=max(6.4, 1.9 * across),
        height=1.75 * -(-len(chosen) // across) + 0.3,
    )
    for axes, i in zip(style.panels(figure, len(chosen), across), chosen, strict=True):
        known = values[~np.isnan(values[:, i]), i]
        low, high = (known.min(), known.max()) if len(known) else (0.0, 0.0)
        margin = 0.05 * (high - low) or 1.0
        limits = (low - margin, high + margin)
        axes.plot(limits, limits, color=style.DATA, linewidth=1.0, zorder=1)
        axes.scatter(values[:, i], restored[:, i], s=7, alpha=0.45, color=style.MODEL, lw=0)
        axes.set_xlim(limits)
        axes.set_ylim(limits)
        axes.locator_params(axis="x", nbins=3)
        axes.locator_params(axis="y", nbins=4)
        style.panel_title(axes, names[i], most=22)
        axes.text(
            *(0.04, 0.96, f"R² {explained[i]:.2f}"),
            **{"transform": axes.transAxes, "va": "top", "size": 8, "color": style.INK},
        )
    figure.supxlabel("value in the data", size=9, color=style.MUTED)
    figure.supylabel("reconstruction", size=9, color=style.MUTED)
    return style.write(figure, path)


def _curves(values, restored, path):
    across = min(3, len(values))
    figure = style.new_figure(
        "Reconstructions of examples",
        "Good: blue, the reconstruction, lies on gray, the input.",
        width=3.4 * max(across, 2),
        height=1.9 * -(-len(values) // across),
    )
    for i, axes in enumerate(style.panels(figure, len(values), across)):
        axes.plot(values[i], color=style.DATA, linewidth=2.2)
        axes.plot(restored[i], color=style.MODEL, linewidth=1.1)
        style.panel_title(axes, f"example {i + 1}")
        axes.margins(x=0)
    figure.supxlabel("position in x", size=9, color=style.MUTED)
    figure.supylabel("value", size=9, color=style.MUTED)
    return style.write(figure, path)
