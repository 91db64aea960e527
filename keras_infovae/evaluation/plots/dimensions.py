"""The dimensions of z one by one: how much each is used, and how each is distributed."""

from __future__ import annotations

import numpy as np

from keras_infovae.evaluation.latent_information import kl_per_dimension
from keras_infovae.evaluation.measured import Measured
from keras_infovae.evaluation.plots import style, views
from keras_infovae.typing import Condition, Model, Path, Rows
from keras_infovae.utils.randomness import stateless_seed

_MOST_DIMENSIONS = 20
_MOST_BARS = 128
_DRAWS = 4000


def plot_kl_per_dimension(model: Model, path: Path, x: Rows, *, condition: Condition = None) -> str:
    """Draws E KL(q(z_d|x) || p(z_d)) of each dimension of z, the largest first, in nats.

    Args:
        model: a trained model whose posterior and prior are diagonal normals.
        path: the PNG file to write.
        x: array [n, ...], n >= 2.
        condition: one row per example, where the model takes a condition. Default None.

    Returns:
        `path`.

    Raises:
        ValueError: for another posterior or prior, whose dimensions share their KL.
    """
    path = style.check_path(path)
    measured = Measured(model, x, condition)
    kl = kl_per_dimension(model, x, condition=condition)
    active = measured.moments.active()
    order = np.argsort(-kl, kind="stable")[:_MOST_BARS]
    figure = style.new_figure(
        "How much each dimension of z is used",
        f"KL(q(z_d|x) || p(z_d)), mean of {len(measured):,} examples; {kl.sum():.1f} nats in all. "
        "Blue: active, the code depends on x (variance of its mean above 0.01). Gray: not used.",
        width=9.0,
        height=3.0,
    )
    axes = style.style_axes(figure.add_subplot())
    axes.grid(False, axis="x")
    colors = np.where(active[order], style.MODEL, style.DATA)
    axes.bar(range(len(order)), kl[order], color=colors, width=0.8)
    axes.set_ylabel("nats", size=9, color=style.MUTED)
    axes.margins(x=0.01)
    if len(order) <= 40:
        axes.set_xticks(range(len(order)), [f"z[{d}]" for d in order], rotation=60, size=7)
    else:
        axes.set_xlabel("dimensions, by their KL", size=9, color=style.MUTED)
    return style.write(figure, path)


def plot_aggregated_posterior(
    model: Model, path: Path, x: Rows, *, seed: int = 0, condition: Condition = None
) -> str:
    """Draws the distribution of each z_d ~ q(z), one draw per example, over that of the prior.

    Shown are the dimensions in which the codes vary most, up to twenty.

    Args:
        model: a trained model with a prior, and z in Euclidean space.
        path: the PNG file to write.
        x: array [n, ...], n >= 2.
        seed: integer, of the draws. Default 0.
        condition: one row per example, where the model takes a condition. Default None.

    Returns:
        `path`.
    """
    path = style.check_path(path)
    model.capabilities.require("prior", "The picture of q(z) over p(z)")
    measured = Measured(model, x, condition, seed=seed)
    measured = measured.take(views.spread_out(len(measured), _DRAWS))
    z, variances = measured.draws, measured.moments.means.var(axis=0)
    prior = model.prior_distribution().sample(_DRAWS, seed=stateless_seed(seed, -1)).numpy()
    chosen = np.argsort(-variances, kind="stable")[:_MOST_DIMENSIONS]
    across = min(5, len(chosen))
    which = f" Shown: the {len(chosen)} of {z.shape[1]} that vary most."
    figure = style.new_figure(
        "The aggregated posterior q(z), dimension by dimension",
        "Good: blue, one draw for each example, fills the dark line, the prior. Narrower: samples "
        "from the prior have no codes near them. Titles: mean \u00b1 standard deviation."
        + (which if len(chosen) < z.shape[1] else ""),
        width=9.0,
        height=1.5 * -(-len(chosen) // across) + 0.3,
    )
    reach = float(np.percentile(np.abs(np.concatenate([z[:, chosen], prior[:, chosen]])), 99.8))
    bins = np.linspace(-reach, reach, int(np.clip(2 * len(z) ** 0.4, 12, 40)))
    for axes, d in zip(style.panels(figure, len(chosen), across), chosen, strict=True):
        axes.hist(z[:, d], bins=bins, density=True, color=style.MODEL, alpha=0.65)
        axes.hist(
            prior[:, d], bins=bins, density=True, histtype="step", color=style.INK, linewidth=1.2
        )
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        style.panel_title(axes, f"z[{d}]: {z[:, d].mean():+.2f} \u00b1 {z[:, d].std():.2f}")
    return style.write(figure, path)
