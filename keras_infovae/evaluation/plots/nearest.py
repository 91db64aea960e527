"""Are the samples new, or copies of what the model was trained on?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from keras_infovae.evaluation.conditions import draw
from keras_infovae.evaluation.examples import check_examples, new_examples, without_gaps
from keras_infovae.evaluation.plots import style, views
from keras_infovae.evaluation.plots.labels import check_class_names
from keras_infovae.evaluation.sample_metrics import nearest_neighbors
from keras_infovae.evaluation.texts import check_is_of_numbers
from keras_infovae.typing import Array, Condition, Model, Path

_COUNT = 10
_NEIGHBORS = 3
_CONDITION = " Each sample has the condition of a training example, drawn"


def plot_nearest_neighbors(
    model: Model,
    path: Path,
    training: Array,
    *,
    seed: int = 0,
    feature_names: Sequence[str] | None = None,
    condition: Condition = None,
    class_names: Sequence[str] | None = None,
) -> str:
    """Draws new samples, each with the training examples nearest to it.

    Where the model takes a condition, each sample has that of a training example drawn by `seed`;
    its neighbors are those among all examples.

    Args:
        model: a trained model.
        path: the PNG file to write.
        training: array [n, ...] that it was trained on, n >= 3.
        seed: integer, of the samples. Default 0.
        feature_names: a name per column, for tables. Default None.
        condition: one row per training example, where the model takes a condition. Default None.
        class_names: a name per class of the condition. Default None: their numbers.

    Returns:
        `path`.

    Raises:
        ValueError, TypeError: for data that is not as the model was trained on.
    """
    path = style.check_path(path)
    check_is_of_numbers(model, "plot_nearest_neighbors")
    model.capabilities.require("generate", "The picture of samples")
    training, condition = check_examples(
        model, training, condition, minimum=_NEIGHBORS, name="training"
    )
    class_names = check_class_names(class_names, model)
    condition = draw(condition, _COUNT, seed)
    samples = new_examples(model, _COUNT, seed=seed, condition=condition)
    asked = [class_names[int(c)] for c in condition] if class_names else None
    note = "." if asked is None else ": the class above it."
    samples, training = (without_gaps(x, training) for x in (samples, training))
    indices, _ = nearest_neighbors(samples, training, _NEIGHBORS)
    header = (
        "Samples, and the training examples nearest to them",
        "By Euclidean distance. Good: like data, and like no single training example."
        + ("" if condition is None else _CONDITION + note),
    )
    kind = views.view(training.shape[1:], feature_names)
    if kind == views.IMAGES:
        return _images(model, training, samples, indices, header, asked, path)
    return _curves(model, training, samples, indices, header, asked, path)


def _images(model, training, samples, indices, header, asked, path):
    view = views.ImageView(model, training)
    rows = np.concatenate([samples[None], training[indices.T]])
    aspect = training.shape[1] / training.shape[2]
    figure = style.new_figure(
        header[0],
        header[1] + view.note,
        width=0.85 * _COUNT + 1.2,
        height=0.85 * aspect * len(rows) + 0.2,
    )
    axes = style.bare_axes(figure.add_subplot())
    canvas = view.mosaic(rows.reshape(-1, *training.shape[1:]), _COUNT)
    axes.imshow(canvas)
    names = ["sample", "nearest", *(f"{i + 1}. nearest" for i in range(1, _NEIGHBORS))]
    axes.set_yticks(views.mosaic_centers(canvas.shape[0], len(rows)), names, size=9)
    if asked is not None:
        asked = [style.shortened(name, 11) for name in asked]
        centers = views.mosaic_centers(canvas.shape[1], _COUNT)
        axes.set_xticks(centers, asked, size=9)
        axes.xaxis.tick_top()
    axes.tick_params(length=0, colors=style.INK)
    return style.write(figure, path)


def _curves(model, training, samples, indices, header, asked, path):
    count = 6
    figure = style.new_figure(*header, width=9.0, height=4.2)
    rows = views.rows_of(model, training)
    # Columns of a table have units of their own.
    mean, deviation = rows.mean(axis=0), rows.std(axis=0)
    deviation = np.where(deviation > 0, deviation, 1.0)
    for axes, sample, nearest in zip(
        style.panels(figure, count, 3),
        views.rows_of(model, samples[:count]),
        indices[:count],
        strict=True,
    ):
        for index in nearest:
            axes.plot((rows[index] - mean) / deviation, color=style.DATA, lw=1.0)
        axes.plot((sample - mean) / deviation, color=style.MODEL, lw=1.6)
    colors = "sample blue, training gray"
    titles = [colors] if asked is None else [f"{asked[0]} ({colors})", *asked[1:count]]
    for axes, title in zip(figure.axes, titles):
        style.panel_title(axes, title, most=40)
    figure.supxlabel("position in x", size=9, color=style.MUTED)
    figure.supylabel("standard deviations of the data", size=9, color=style.MUTED)
    return style.write(figure, path)
