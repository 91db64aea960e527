"""What lies between two examples in the latent space."""

from __future__ import annotations

import fractions
from collections.abc import Sequence

import numpy as np

from keras_infovae.evaluation.conditions import take
from keras_infovae.evaluation.examples import check_examples, spread_of_known
from keras_infovae.evaluation.plots import style, views
from keras_infovae.evaluation.texts import check_is_of_numbers
from keras_infovae.typing import Condition, Model, Path, Rows

_IMAGE_PAIRS, _IMAGE_STEPS = 6, 9
_ROW_PAIRS, _ROW_STEPS = 3, 41
# What is seen at t = 0 and t = 1, without a condition and with one.
_ENDS = (
    "t = 0 and t = 1: their reconstructions.",
    "t = 0: the first one's reconstruction; t = 1: the code of the last under the condition of the "
    "first, which all of a row is decoded with.",
)
_MAP_ENDS = (
    "From the reconstruction of one example (t = 0) to that of another (t = 1)",
    "From the reconstruction of one example (t = 0) to the code of another under the condition of "
    "the first (t = 1)",
)


def plot_interpolation(
    model: Model,
    path: Path,
    x: Rows,
    *,
    feature_names: Sequence[str] | None = None,
    condition: Condition = None,
) -> str:
    """Draws the means of p(x|z) along straight lines in the latent space between pairs of examples.

        z(t) = (1 - t) E[z|x_a] + t E[z|x_b],      t from 0 to 1

    Images are shown as a row per pair, with the two examples themselves at its ends; other data as
    a map of columns against t. Under a condition, each example is encoded with its own, and the
    whole line is decoded with that of x_a.

    Args:
        model: a trained model.
        path: the PNG file to write.
        x: array [n, ...], n >= 2; the pairs are spread evenly over it.
        feature_names: a name per column, for tables. Default None.
        condition: one row per example, where the model takes a condition. Default None.

    Returns:
        `path`.

    Raises:
        ValueError, TypeError: for data that is not as the model was trained on, and for fewer than
            two examples.
    """
    path = style.check_path(path)
    check_is_of_numbers(model, "plot_interpolation")
    for capability in ("encode", "decode"):
        model.capabilities.require(capability, "The picture of interpolations")
    x, condition = check_examples(model, x, condition)
    images = views.view(x.shape[1:], feature_names) == views.IMAGES
    pairs, steps = (_IMAGE_PAIRS, _IMAGE_STEPS) if images else (_ROW_PAIRS, _ROW_STEPS)
    chosen = views.spread_out(len(x), 2 * pairs)
    half = len(chosen) // 2
    first, last = chosen[:half], chosen[half : 2 * half]
    z = model.encode(x[first], condition=take(condition, first))
    beside = model.encode_beside(x[last], z, condition=take(condition, last))
    decoded = _decode_lines(model, z, beside, steps, take(condition, first))
    if images:
        return _images(model, x[first], decoded, x[last], condition is not None, path)
    spread = spread_of_known(views.rows_of(model, x))
    lines = views.rows_of(model, decoded.reshape(-1, *x.shape[1:]))
    lines = lines.reshape(half, steps, -1)
    return _maps(lines, spread, feature_names, condition is not None, path)


def _decode_lines(model, a, b, steps, condition):
    """Returns the decoded lines from codes `a` to codes `b`, [pairs, steps, *event_shape]."""
    t = np.linspace(0.0, 1.0, steps, dtype="float32")[:, None]
    z = (1.0 - t) * a[:, None] + t * b[:, None]  # [pairs, steps, latent_dim]
    given = None if condition is None else np.repeat(condition, steps, axis=0)
    decoded = model.decode(z.reshape(-1, z.shape[-1]), condition=given, prepared=True)
    return decoded.reshape(len(a), steps, *decoded.shape[1:])


def _images(model, starts, decoded, ends, conditional, path):
    columns = decoded.shape[1] + 2
    rows = np.concatenate([starts[:, None], decoded, ends[:, None]], axis=1)
    shown = views.ImageView(model, np.concatenate([starts, ends]))
    aspect = starts.shape[1] / starts.shape[2]
    figure = style.new_figure(
        "Between two examples, along a straight line in the latent space",
        "Good: each step could be data, and the change is gradual. First and last column: the "
        "examples themselves; " + _ENDS[conditional] + shown.note,
        width=0.85 * columns + 0.2,
        height=0.85 * aspect * len(starts) + 0.35,
    )
    axes = style.bare_axes(figure.add_subplot())
    canvas = shown.mosaic(rows.reshape(-1, *starts.shape[1:]), columns)
    axes.imshow(canvas)
    t = [str(fractions.Fraction(i, columns - 3)) for i in range(columns - 2)]
    t = [f"t = {t[0]}", *t[1:-1], f"t = {t[-1]}"]
    centers = views.mosaic_centers(canvas.shape[1], columns)
    axes.set_xticks(centers, ["example", *t, "example"], size=8.5)
    axes.xaxis.tick_top()
    axes.tick_params(length=0, colors=style.INK)
    return style.write(figure, path)


def _maps(lines, spread, feature_names, conditional, path):
    """Draws each pair as a map: a row per column of the data, in standard deviations, over t."""
    num_features = lines.shape[2]
    names = views.check_features(feature_names, num_features)
    named = num_features <= (1 if feature_names is None else 2) * views.MOST_PANELS
    mean, deviation = spread
    lines = (lines - mean) / np.where(deviation > 0, deviation, 1.0)
    limit = max(1.0, float(np.percentile(np.abs(lines), 98)))
    figure = style.new_figure(
        "Between two examples, along a straight line in the latent space",
        f"{_MAP_ENDS[conditional]}, in standard deviations from the mean of the data. Good: no "
        "bands or jumps in between.",
        width=max(7.0, 2.6 * len(lines) + 2.4),
        height=max(3.0, 0.19 * num_features + 0.8) if named else 4.5,
    )
    grid = figure.add_gridspec(1, len(lines))
    for i, line in enumerate(lines):
        axes = style.style_axes(figure.add_subplot(grid[i]), grid=False)
        image = axes.imshow(
            line.T,
            cmap="RdBu_r",
            vmin=-limit,
            vmax=limit,
            aspect="auto",
            interpolation="nearest",
            extent=(0, 1, num_features - 0.5, -0.5),
        )
        axes.set_xticks([0, 0.5, 1])
        axes.set_xlabel("t", size=9, color=style.MUTED)
        style.panel_title(axes, f"pair {i + 1}")
        axes.tick_params(left=not named)
        if named:
            axes.set_yticks(range(num_features), names if i == 0 else [""] * num_features, size=8)
        elif i == 0:
            axes.set_ylabel("position in x", size=9, color=style.MUTED)
    bar = figure.colorbar(image, ax=figure.axes, shrink=0.6, pad=0.02, aspect=30)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=8, labelcolor=style.MUTED, length=0)
    bar.set_label("standard deviations", size=9, color=style.MUTED)
    return style.write(figure, path)
