"""All pictures of one trained model."""

from __future__ import annotations

import os
from typing import Any

from keras_infovae.datasets.dataset import Dataset
from keras_infovae.evaluation.conditions import class_names_of, conditions_of
from keras_infovae.evaluation.examples import check_examples
from keras_infovae.evaluation.plots.history import plot_history
from keras_infovae.evaluation.plots.interpolation import plot_interpolation
from keras_infovae.evaluation.plots.labels import as_classes
from keras_infovae.evaluation.plots.latent_space import plot_latent_space
from keras_infovae.evaluation.plots.reconstructions import plot_reconstructions
from keras_infovae.evaluation.plots.samples import plot_samples
from keras_infovae.evaluation.texts import is_of_texts
from keras_infovae.typing import Condition, Model, Path


def plot_all(
    model: Model,
    data: Dataset,
    history: Any,
    directory: Path,
    seed: int = 0,
    condition: Condition = None,
) -> list[str]:
    """Writes history.png, reconstructions.png, samples.png, interpolation.png, latent_space.png.

    They show the test split of `data`, or where it is empty the validation or training split. What
    a model cannot do (reconstruct, generate, encode, decode) is left out, as are texts, which
    `report` shows.

    Args:
        model: a trained model.
        data: a `datasets.Dataset`.
        history: what `fit` returned, its dictionary, or None for no history.png.
        directory: where to write; made if it is not there.
        seed: integer, for all that is drawn. Default 0.
        condition: where the model takes a condition: "labels", for the labels of each split, or a
            dictionary {split: one row (or label) per example}. Default None.

    Returns:
        The list of paths written.

    Raises:
        ValueError, TypeError: when `data` or `condition` is not as the model was trained on.

    Example:

    >>> paths = plot_all(model, data, history, "runs/first")  # doctest: +SKIP
    """
    directory = os.fspath(directory)
    split = data.held_out()
    conditions = conditions_of(model, data, condition)
    x, rows = check_examples(model, getattr(data, split), conditions[split])
    labels, given = getattr(data, f"{split}_labels"), {"condition": rows}
    names = {"feature_names": data.feature_names, **given}
    class_names = class_names_of(model, data, conditions)
    as_classes(labels, len(x))  # wrong labels show before anything is written

    def path(name):
        return os.path.join(directory, f"{name}.png")

    drawn, can = [], set(model.capabilities)
    if is_of_texts(model):
        can -= {"reconstruct", "generate", "decode"}
    if history is not None:
        drawn.append(plot_history(history, path("history")))
    if "reconstruct" in can:
        drawn.append(plot_reconstructions(model, path("reconstructions"), x, **names))
    if "generate" in can:
        sampled = {"seed": seed, "class_names": class_names, **names}
        drawn.append(plot_samples(model, path("samples"), x, **sampled))
    if {"encode", "decode"} <= can:
        drawn.append(plot_interpolation(model, path("interpolation"), x, **names))
    if "encode" in can:
        drawn.append(plot_latent_space(model, path("latent_space"), x, labels, seed=seed, **given))
    return drawn
