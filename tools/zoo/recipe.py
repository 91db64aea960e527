"""What a preset is made from: data, a model, how it is trained, and what its card says of them."""

import dataclasses
from collections.abc import Callable

import keras

import keras_infovae as ki

RECIPES = {}  # {name: function that returns a `Recipe`}


def _adam(steps):
    return keras.optimizers.Adam(1e-3)


def decaying(rate):
    """Returns the `optimizer` of a recipe: Adam with a rate that falls to 0 along a cosine."""
    return lambda steps: keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(rate, steps))


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How a preset is made.

    Args:
        about: what the model is, a sentence.
        use: for what it is good.
        limitations: sentences.
        data: what it was trained on, and where that is from.
        license: of the data, and so of the weights, as Hugging Face abbreviates it.
        load: a function of --data, a path or None, that returns a `Dataset`.
        model: a function of (seed, data) that returns the model.
        optimizer: a function of the number of steps. Default: Adam at 1e-3.
        epochs: at most. Default 300.
        batch_size: default 64.
        patience: epochs without a lower validation loss after which training ends, and the best
            weights come back. Default 20. None: all epochs.
        condition: "labels", or None (default).
        finish: a function of (model, data, seed), called after the training. Default: none.
        extra: a function of (model, data) that returns {name: number} for the card. Default: none.
        anomaly_label: as for `evaluation.report`. Default None.
        in_package: whether it is small enough for the package; else it is in the repository's
            `presets/`. Default True.
        pictures: of "samples", "reconstructions", "latent_space". Default: the first two.
    """

    about: str
    use: str
    limitations: tuple
    data: str
    license: str
    load: Callable
    model: Callable
    optimizer: Callable = _adam
    epochs: int = 300
    batch_size: int = 64
    patience: int | None = 20
    condition: str | None = None
    finish: Callable | None = None
    extra: Callable | None = None
    anomaly_label: int | None = None
    in_package: bool = True
    pictures: tuple = ("samples", "reconstructions")


def recipe(function):
    """Function decorator: makes the recipe known by the function's name, the preset's."""
    RECIPES[function.__name__] = function
    return function


def named(name):
    """Returns the `load` of a recipe: a data set that `ki.datasets.load` knows by name."""
    return lambda path: ki.datasets.load(name)
