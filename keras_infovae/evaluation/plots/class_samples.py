"""What the model makes of one z under each class, beside the data of that class."""

import numpy as np

from keras_infovae.evaluation.plots import style, views

_MOST_CLASSES, _COLUMNS = 10, 8


def plot(model, x, condition, class_names, seed, path):
    """Draws images in a row per class, made from the same z down each column.

    Beside data, the classes are all that the model takes, whether there are examples or not; else
    those of `condition`.

    Args:
        model: a trained model whose condition is a class.
        x: array [n, ...] to show beside the samples, or None.
        condition: [n], the class of each example, or without `x` classes to generate.
        class_names: a name per class.
        seed: integer.
        path: the PNG file to write.

    Returns:
        `path`.
    """
    known = np.unique(condition).astype(int) if x is None else np.arange(len(class_names))
    classes = known[views.spread_out(len(known), _MOST_CLASSES)]
    # The same seed draws the same z, whatever the condition.
    samples = np.concatenate(
        [model.generate(_COLUMNS, seed=seed, condition=c, prepared=True) for c in classes]
    )
    parts = [("samples: a column has one seed", samples)]
    if x is not None:
        parts.insert(0, ("data", np.concatenate([_examples(x[condition == c]) for c in classes])))
    view = views.ImageView(model, samples if x is None else x)
    which = f" Shown: {len(classes)} of {len(known)} classes." if len(classes) < len(known) else ""
    if x is not None and (absent := len(np.setdiff1d(known, condition))):
        which += f" Without data here: {absent} of {len(known)} classes."
    width, aspect = 4.4 if x is not None else 6.2, samples.shape[1] / samples.shape[2]
    figure = style.new_figure(
        "New examples of each class, made by the model",
        "Good: each row as varied as its class in the data, none that could not be of it, and one "
        f"style down each column.{which}{view.note}",
        width=len(parts) * width + 1.0,
        height=width * aspect * len(classes) / _COLUMNS + 0.3,
    )
    grid = figure.add_gridspec(1, len(parts))
    for i, (name, images) in enumerate(parts):
        axes = style.bare_axes(figure.add_subplot(grid[i]))
        canvas = view.mosaic(images, _COLUMNS)
        axes.imshow(canvas)
        axes.set_title(name, size=10.5, color=style.INK, loc="left", pad=6)
        if i == 0:
            names = [style.shortened(class_names[c], 14) for c in classes]
            centers = views.mosaic_centers(canvas.shape[0], len(classes))
            axes.set_yticks(centers, names, size=9)
            axes.tick_params(length=0, colors=style.INK)
    return style.write(figure, path)


def _examples(x):
    """Returns a row of examples spread over `x`, filled up with NaN, which is shown as white."""
    row = np.full((_COLUMNS, *x.shape[1:]), np.nan, "float32")
    if len(x):
        chosen = x[views.spread_out(len(x), _COLUMNS)]
        row[: len(chosen)] = chosen
    return row
