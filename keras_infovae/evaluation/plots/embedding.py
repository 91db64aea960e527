"""All dimensions of z in two: what is near stays near."""

from __future__ import annotations

import importlib.util

import numpy as np

from keras_infovae.evaluation.conditions import take
from keras_infovae.evaluation.examples import check_examples
from keras_infovae.evaluation.plots import style, views
from keras_infovae.evaluation.plots.labels import as_classes
from keras_infovae.evaluation.plots.latent_space import scatter_classes
from keras_infovae.typing import Condition, Labels, Model, Path, Rows
from keras_infovae.utils.checks import argument_error, check_choice, check_integer
from keras_infovae.utils.randomness import scikit_seed

METHODS = {"tsne": "t-SNE", "umap": "UMAP"}
_FEWEST, _FEW_POINTS, _MOST_POINTS = 10, 200, 1500
# Without a condition, and with one.
_GOOD = (
    "colors that keep together, if labels should matter to the code",
    "colors that mix, if the condition tells the labels, which z then need not",
)


def available_methods():
    """Returns the methods of `plot_latent_embedding` whose packages are installed."""
    return ["tsne"] + (["umap"] if importlib.util.find_spec("umap") else [])


def plot_latent_embedding(
    model: Model,
    path: Path,
    x: Rows,
    labels: Labels | None = None,
    *,
    method: str = "tsne",
    seed: int = 0,
    condition: Condition = None,
) -> str:
    """Draws the codes E[z|x] in two dimensions by t-SNE or UMAP, colored by label.

    Neighbors tell; distances between groups and the sizes of groups do not.

    Args:
        model: a trained model.
        path: the PNG file to write.
        x: array [n, ...], n >= 10; of more than 1,500 examples, 1,500 spread evenly are drawn.
        labels: [n] numbers or strings, or None (default).
        method: "tsne" (default) or "umap", which needs the package umap-learn.
        seed: integer. Default 0.
        condition: one row per example, where the model takes a condition. Default None.

    Returns:
        `path`.

    Raises:
        ValueError, TypeError: naming the argument.
        ImportError: for "umap" where it is not installed.

    References:
        van der Maaten and Hinton, Visualizing Data using t-SNE, JMLR 2008; McInnes et al.,
        arXiv:1802.03426.
    """
    path = style.check_path(path)
    check_choice("method", method, METHODS)
    seed = check_integer("seed", seed, minimum=0)
    model.capabilities.require("encode", "The picture of codes")
    x, condition = check_examples(model, x, condition, minimum=_FEWEST)
    if labels is not None and len(labels) != len(x):
        raise argument_error("labels", f"one label for each of {len(x)} examples", len(labels))
    chosen = views.spread_out(len(x), _MOST_POINTS)
    labels = None if labels is None else np.asarray(labels)[chosen]
    z = model.encode(x[chosen], condition=take(condition, chosen))
    points = z if z.shape[1] < 2 else _embed(z, method, seed)
    if points.shape[1] < 2:
        raise argument_error("model", "one whose latent_dim is at least 2", z.shape[1])
    figure = style.new_figure(
        f"Codes of {len(z):,} examples, by {METHODS[method]}",
        "What is near here is near in z. Distances between groups, and their sizes, say nothing. "
        f"Good: {_GOOD[condition is not None]}.",
        width=7.4,
        height=6.2,
    )
    axes = style.bare_axes(figure.add_subplot())
    scatter_classes(figure, axes, points, as_classes(labels, len(z)), labels)
    axes.set_aspect("equal", adjustable="datalim")
    return style.write(figure, path)


def _embed(z, method, seed):
    seed = scikit_seed(seed)
    if method == "umap":
        try:
            import umap
        except ImportError as error:
            raise ImportError(
                "Argument `method` 'umap' needs umap-learn: pip install umap-learn. Received: it "
                "is not installed"
            ) from error
        neighbors = min(15, len(z) - 1)
        return umap.UMAP(n_neighbors=neighbors, random_state=seed, n_jobs=1).fit_transform(z)
    from sklearn.manifold import TSNE

    perplexity = min(30.0, (len(z) - 1) / 3.0)
    # Of few points all pairs take less time than a tree of them.
    pairs = "exact" if len(z) <= _FEW_POINTS else "barnes_hut"
    return TSNE(perplexity=perplexity, init="pca", random_state=seed, method=pairs).fit_transform(z)
