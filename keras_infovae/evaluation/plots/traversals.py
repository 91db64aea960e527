"""What each dimension of z does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from keras_infovae.evaluation.measured import Measured
from keras_infovae.evaluation.plots import style, views
from keras_infovae.evaluation.plots.labels import check_class_names
from keras_infovae.evaluation.texts import check_is_of_numbers
from keras_infovae.typing import Condition, Model, Path, Rows

_MOST_DIMENSIONS = 10
_STEPS = 9
_REACH = 2.5  # standard deviations of a standard normal, on either side
_CURVE_STEPS = 5


def plot_traversals(
    model: Model,
    path: Path,
    x: Rows,
    *,
    feature_names: Sequence[str] | None = None,
    condition: Condition = None,
    class_names: Sequence[str] | None = None,
) -> str:
    """Draws the means of p(x|z) as one dimension of z at a time goes from -2.5 to 2.5.

    The other dimensions stay at the code E[z|x] of the example nearest to the mean of all codes,
    and all is decoded under the condition of that example.
    The dimensions are those in which the codes vary most, up to ten of them.

    Args:
        model: a trained model with z in Euclidean space.
        path: the PNG file to write.
        x: array [n, ...], n >= 2.
        feature_names: a name per column, for tables. Default None.
        condition: one row per example, where the model takes a condition. Default None.
        class_names: a name per class of the condition. Default None: their numbers.

    Returns:
        `path`.

    Raises:
        ValueError, TypeError: for data that is not as the model was trained on.
    """
    path = style.check_path(path)
    check_is_of_numbers(model, "plot_traversals")
    for capability in ("encode", "decode"):
        model.capabilities.require(capability, "The picture of traversals")
    measured = Measured(model, x, condition)
    x, condition, means = measured.x, measured.condition, measured.moments.means
    class_names = check_class_names(class_names, model)
    middle = np.argmin(np.sum((means - means.mean(axis=0)) ** 2, axis=1))
    dimensions = np.argsort(-means.var(axis=0), kind="stable")[:_MOST_DIMENSIONS]
    kind = views.view(x.shape[1:], feature_names)
    values = np.linspace(-_REACH, _REACH, _STEPS if kind == views.IMAGES else _CURVE_STEPS)
    z = np.tile(means[middle], (len(dimensions), len(values), 1))
    for row, dimension in enumerate(dimensions):
        z[row, :, dimension] = values
    codes = z.reshape(-1, z.shape[-1]).astype("float32")
    given, note = None, ""
    if condition is not None:
        given = np.repeat(condition[[middle]], len(codes), axis=0)
        name = f", class {class_names[int(given[0])]}" if class_names else ""
        note = f" All under the condition of the example nearest to the middle of the codes{name}."
    decoded = model.decode(codes, condition=given, prepared=True)
    if len(dimensions) < model.latent_dim:
        note += f" Shown: the {len(dimensions)} of {model.latent_dim} that vary most."
    if kind == views.IMAGES:
        return _images(model, x, decoded, dimensions, values, note, path)
    lines = views.rows_of(model, decoded).reshape(*z.shape[:2], -1)
    names = None
    if kind == views.TABLE and feature_names is not None:
        names = views.check_features(feature_names, lines.shape[-1])
    return _curves(lines, dimensions, values, names, note, path)


def _header(note):
    return (
        "One dimension of z at a time",
        "From -2.5 to 2.5 with the others held. Good: each row changes one thing, gradually; a row "
        f"in which nothing changes is a dimension that the model does not use.{note}",
    )


def _images(model, x, decoded, dimensions, values, note, path):
    view = views.ImageView(model, x)
    aspect = x.shape[1] / x.shape[2]
    title, subtitle = _header(note)
    figure = style.new_figure(
        title,
        subtitle + view.note,
        width=max(6.4, 0.8 * len(values) + 0.8),
        height=0.8 * aspect * len(dimensions) + 0.35,
    )
    axes = style.bare_axes(figure.add_subplot())
    canvas = view.mosaic(decoded, len(values))
    axes.imshow(canvas)
    axes.set_xticks(
        views.mosaic_centers(canvas.shape[1], len(values)), [f"{v:+.1f}" for v in values], size=8.5
    )
    axes.set_yticks(
        views.mosaic_centers(canvas.shape[0], len(dimensions)),
        [f"z[{d}]" for d in dimensions],
        size=8.5,
    )
    axes.xaxis.tick_top()
    axes.tick_params(length=0, colors=style.INK)
    return style.write(figure, path)


def _curves(lines, dimensions, values, names, note, path):
    from matplotlib import colormaps

    num_features = lines.shape[-1]
    title, subtitle = _header(note)
    columns = 2 if len(dimensions) > 1 else 1
    rows = -(-len(dimensions) // columns)
    figure = style.new_figure(title, subtitle, width=9.0, height=2.1 * rows + 0.4)
    colors = colormaps["coolwarm"](np.linspace(0.0, 1.0, len(values)))
    marker = "o" if num_features <= views.MOST_PANELS else None
    for axes, dimension, row in zip(
        style.panels(figure, len(dimensions), columns), dimensions, lines, strict=True
    ):
        for line, color, value in zip(row, colors, values, strict=True):
            axes.plot(line, color=color, lw=1.3, marker=marker, ms=3, label=f"{value:+.1f}")
        style.panel_title(axes, f"z[{dimension}]")
        if names is not None:
            axes.set_xticks(range(num_features), [str(n)[:14] for n in names], rotation=60, size=6)
        else:
            axes.locator_params(axis="x", integer=True)
    figure.axes[0].legend(title="value of z", fontsize=7, title_fontsize=7, frameon=False, ncols=2)
    return style.write(figure, path)
