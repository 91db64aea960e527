"""Pictures of a study."""

import os

import numpy as np

SHOWN = 16  # images a row


def draw_rows(path, rows):
    """Draws the first images of each of {what they are of: images}, a row each, into a file."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(len(rows), 1, figsize=(9, 0.85 * len(rows)))
    for axis, (title, images) in zip(np.atleast_1d(axes), rows.items()):
        images = images[:SHOWN].reshape(SHOWN, *images.shape[1:3])
        axis.imshow(np.concatenate(list(images), axis=1), cmap="gray_r", vmin=0, vmax=1)
        axis.set_title(title, fontsize=9, loc="left")
        axis.axis("off")
    figure.tight_layout(pad=0.4)
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    figure.savefig(path, dpi=90)
    pyplot.close(figure)
