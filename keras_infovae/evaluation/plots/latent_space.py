"""Where the codes lie, and whether they fit the prior."""

from __future__ import annotations

import numpy as np

from keras_infovae.distributions import diagonal_normal_moments
from keras_infovae.evaluation.measured import Measured
from keras_infovae.evaluation.plots import style, views
from keras_infovae.evaluation.plots.labels import as_classes
from keras_infovae.typing import Condition, Labels, Model, Path, Rows
from keras_infovae.utils.checks import argument_error
from keras_infovae.utils.randomness import stateless_seed

_MOST_POINTS = 4000
_PRIOR_POINTS = 2000
_INSIDE = (0.393, 0.865)  # share of a normal in two dimensions within 1 and 2 standard deviations


def plot_latent_space(
    model: Model,
    path: Path,
    x: Rows,
    labels: Labels | None = None,
    *,
    seed: int = 0,
    condition: Condition = None,
) -> str:
    """Draws one z ~ q(z|x) of each example against the prior, colored by label.

    One latent dimension is a histogram, two are drawn as they are, and more along the two
    directions (of length 1) in which the means of q(z|x) vary most. Draws and not means, because
    it is q(z), which they are from, that has to fit p(z); along any direction a standard normal is
    one again, so that its circles hold there too.

    Args:
        model: a trained model that encodes; without a prior, the codes stand alone.
        path: the PNG file to write.
        x: array [n, ...], n >= 2; of more than 4,000 examples, 4,000 spread evenly are drawn.
        labels: [n] numbers or strings, or None (default).
        seed: integer, for the draws. Default 0.
        condition: one row per example, where the model takes a condition. Default None.

    Returns:
        `path`.

    Raises:
        ValueError, TypeError: for data that is not as the model was trained on, or another number
            of labels than of examples.
    """
    path = style.check_path(path)
    model.capabilities.require("encode", "The picture of codes")
    measured = Measured(model, x, condition, seed=seed)
    count = len(measured)
    if labels is not None and len(labels) != count:
        raise argument_error("labels", f"one label for each of {count} examples", len(labels))
    chosen = views.spread_out(count, _MOST_POINTS)
    measured = measured.take(chosen)
    labels = None if labels is None else np.asarray(labels)[chosen]
    classes, z = as_classes(labels, len(chosen)), measured.draws
    prior, prior_z = None, np.empty((0, z.shape[1]), "float32")
    if "prior" in model.capabilities:
        prior = model.prior_distribution()
        prior_z = prior.sample(_PRIOR_POINTS, seed=stateless_seed(seed, -1)).numpy()
    if z.shape[1] == 1:
        return _histogram(z[:, 0], prior, prior_z[:, 0], classes, path)
    axes_names = ["z[0]", "z[1]"]
    directions = np.eye(2, dtype="float32")
    if z.shape[1] > 2:
        directions, shares = _directions(measured.moments.means)
        axes_names = [
            f"main direction {i + 1} of {z.shape[1]}: {share:.0%} of the variance of E[z|x]"
            for i, share in enumerate(shares)
        ]
    ellipse = None if prior is None else _prior_ellipse(prior, directions)
    figure = _scatter(z @ directions.T, prior_z @ directions.T, ellipse, classes, labels)
    for axis, name in zip((figure.axes[0].xaxis, figure.axes[0].yaxis), axes_names, strict=True):
        axis.set_label_text(name, size=9, color=style.MUTED)
    return style.write(figure, path)


def _directions(means):
    """Returns the first two principal directions [2, latent_dim], and their shares of variance."""
    centered = means.astype("float64") - means.mean(axis=0, dtype="float64")
    _, scales, directions = np.linalg.svd(centered, full_matrices=True)
    variances = np.zeros(len(directions))
    variances[: len(scales)] = scales**2
    total = variances.sum()
    return directions[:2].astype("float32"), variances[:2] / (total if total > 0 else 1.0)


def _prior_ellipse(prior, directions):
    """Returns (mean [2], covariance [2, 2]) of a normal prior along `directions`, or None."""
    moments = diagonal_normal_moments(prior)
    if moments is None:
        return None
    mean, variance = (value.numpy() for value in moments)
    return directions @ mean, (directions * variance) @ directions.T


def _title(z, prior_z):
    return f"Codes of {len(z):,} examples" + (", and the prior" if len(prior_z) else "")


def _scatter(z, prior_z, ellipse, classes, labels):
    subtitle = "Good: the codes as a whole cover the prior (pale dots) and do not go past it."
    if not len(prior_z):
        subtitle = "One draw for each example. The model has no prior to compare them with."
    if ellipse is not None:
        offset = z - ellipse[0]
        squared = np.sum(offset @ np.linalg.inv(ellipse[1]) * offset, axis=1)
        inside = [float(np.mean(squared <= sigma**2)) for sigma in (1, 2)]
        subtitle = (
            "Good: the codes as a whole fill the prior, whose circles are at 1 and 2 standard "
            f"deviations. Inside them: {inside[0]:.0%} and {inside[1]:.0%} of the codes, "
            f"{_INSIDE[0]:.0%} and {_INSIDE[1]:.0%} of the prior."
        )
    figure = style.new_figure(_title(z, prior_z), subtitle, width=7.4, height=6.2)
    axes = style.style_axes(figure.add_subplot(), grid=False)
    axes.scatter(*prior_z.T, s=5, color=style.PALE, linewidths=0, zorder=1)
    scatter_classes(figure, axes, z, classes, labels)
    if ellipse is not None:
        _draw_ellipses(axes, *ellipse)
    reach = np.abs(z).max() * 1.04
    if len(prior_z):
        reach = max(reach, np.percentile(np.abs(prior_z), 99.7))
    axes.set_xlim(-reach, reach)
    axes.set_ylim(-reach, reach)
    axes.set_aspect("equal")
    return figure


def scatter_classes(figure, axes, points, classes, labels):
    """Draws points [n, 2] in the colors of their classes, or on a scale where those are None."""
    size = float(np.clip(9000 / len(points), 5, 26))
    if classes is None:
        dots = axes.scatter(*points.T, c=np.asarray(labels, float), cmap="viridis", s=size, lw=0)
        bar = figure.colorbar(dots, ax=axes, shrink=0.6, pad=0.02)
        bar.set_label("label", size=9, color=style.MUTED)
        bar.outline.set_visible(False)
        bar.ax.tick_params(labelsize=8, labelcolor=style.MUTED)
    else:
        # In one call and mixed order, so that no class hides the others.
        order = np.random.default_rng(0).permutation(len(points))
        colors = _rgba(classes.colors)[classes.index[order]]
        axes.scatter(*points[order].T, s=size, c=colors, alpha=0.75, linewidths=0, zorder=2)
        if len(classes.names) > 1 or classes.names[0]:
            _legend(axes, classes)


def _rgba(colors):
    from matplotlib.colors import to_rgba_array

    return to_rgba_array(colors)


def _draw_ellipses(axes, mean, covariance):
    root = np.linalg.cholesky(covariance)
    angle = np.linspace(0, 2 * np.pi, 200)
    circle = root @ np.stack([np.cos(angle), np.sin(angle)])
    for sigma in (1, 2):
        line = mean[:, None] + sigma * circle
        axes.plot(*line, color="white", linewidth=2.4, zorder=3)
        axes.plot(*line, color=style.INK, linewidth=1.2, zorder=4)
        top = line[:, np.argmax(line[1])]
        axes.annotate(
            f"{sigma}\u03c3",
            top,
            xytext=(0, 3),
            textcoords="offset points",
            **{"ha": "center", "va": "bottom", "size": 8.5, "color": style.INK, "zorder": 5},
            bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none"},
        )


def _legend(axes, classes):
    from matplotlib.lines import Line2D

    marks = [
        Line2D(
            [],
            [],
            linestyle="",
            marker="o",
            markersize=6,
            color=color,
            label=style.shortened(name, 40),
        )
        for name, color in zip(classes.names, classes.colors, strict=True)
    ]
    legend = axes.legend(
        handles=marks,
        title="label",
        loc="upper left",
        bbox_to_anchor=(1.01, 1.0),
        frameon=False,
        fontsize=9,
        labelcolor=style.INK,
        handletextpad=0.2,
    )
    legend.get_title().set(color=style.MUTED, size=9)


def _histogram(z, prior, prior_z, classes, path):
    good = "Good: all codes together have the shape of the prior, the dark line."
    figure = style.new_figure(
        _title(z, prior_z),
        good if len(prior_z) else "One draw for each example.",
        width=7.4,
        height=4.2,
    )
    axes = style.style_axes(figure.add_subplot())
    together = np.concatenate([z, prior_z])
    bins = np.linspace(together.min(), together.max(), int(np.clip(3 * len(z) ** 0.5, 12, 60)))
    if classes is None:
        axes.hist(z, bins=bins, density=True, color=style.MODEL, alpha=0.8)
    else:
        parts = [z[classes.index == i] for i in range(len(classes.names))]
        axes.hist(parts, bins=bins, density=True, stacked=True, color=classes.colors)
        if len(classes.names) > 1:
            _legend(axes, classes)
    line = np.linspace(bins[0], bins[-1], 400, dtype="float32")
    if prior is not None:
        axes.plot(line, np.exp(prior.log_prob(line[:, None])), color=style.INK, linewidth=1.8)
    axes.set_xlabel("z[0]", size=9, color=style.MUTED)
    axes.set_ylabel("density", size=9, color=style.MUTED)
    return style.write(figure, path)
