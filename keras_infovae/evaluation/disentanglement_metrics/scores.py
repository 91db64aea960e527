"""All metrics of a model on a set with known factors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras_infovae.evaluation.disentanglement_metrics import information, interventions, prediction
from keras_infovae.typing import Array, Model, Numbers
from keras_infovae.utils.checks import argument_error, check_choice, check_integer

_METRICS = {
    "beta_vae_score": interventions.beta_vae_score,
    "disentanglement_completeness_informativeness": (
        prediction.disentanglement_completeness_informativeness
    ),
    "factor_vae_score": interventions.factor_vae_score,
    "modularity": information.modularity,
    "mutual_information_gap": information.mutual_information_gap,
    "separated_attribute_predictability": prediction.separated_attribute_predictability,
}
_DRAWN = {
    "beta_vae_score",
    "disentanglement_completeness_informativeness",
    "factor_vae_score",
    "separated_attribute_predictability",
}


def disentanglement(
    model: Model,
    dataset: Any,
    metrics: str | Sequence[str] = "all",
    *,
    num_examples: int = 5000,
    discrete: Array | None = None,
    seed: int = 0,
    batch_size: int = 256,
) -> Numbers:
    """Returns metrics of how the codes of a model separate the factors of a set.

    Args:
        model: a trained model, whose codes are `model.encode(x)`.
        dataset: a set with `sample(n, seed)` that gives (x, factors), such as
            `ki.datasets.dsprites_like()`.
        metrics: "all" (default), or a sequence of `"beta_vae_score"`,
            `"disentanglement_completeness_informativeness"`, `"factor_vae_score"`, `"modularity"`,
            `"mutual_information_gap"`, `"separated_attribute_predictability"`: the functions of
            these names, with their defaults, of one sample of codes.
        num_examples: that are sampled. Default 5,000.
        discrete: one boolean per factor. Default None: integers are, and the sets of this package
            give nothing else. False for those with an order (place, size) has them predicted by
            regression, and cut into bins where groups are needed.
        seed: integer, of the sample and of the metrics. Default 0.
        batch_size: examples encoded at a time; it does not change the result. Default 256.

    Returns:
        {name: float in [0, 1]}; DCI has the three names `disentanglement`, `completeness` and
        `informativeness`. Metrics agree on perfect codes and on useless ones, and less on those
        between; differences between training seeds are often larger than between models.

    Raises:
        ValueError, TypeError: naming the argument; for a latent_dim of 1 where a gap needs two.

    Example:

    >>> import keras_infovae as ki
    >>> data = ki.datasets.blobs()
    >>> model = ki.BetaVAE(3, seed=0, encoder=ki.networks.MLP([8]), decoder=ki.networks.MLP([8]))
    >>> model.build((None, 16, 16, 1))  # trained, that is
    >>> list(disentanglement(model, data, ["mutual_information_gap"], num_examples=200))
    ['mutual_information_gap']

    References:
        Locatello et al., Challenging Common Assumptions in the Unsupervised Learning of
        Disentangled Representations, arXiv:1811.12359.
    """
    check_integer("num_examples", num_examples)
    check_integer("seed", seed, minimum=0)
    if isinstance(metrics, str):
        if metrics != "all":
            raise argument_error("metrics", "'all' or a sequence of names", metrics)
        metrics = _METRICS
    metrics = [check_choice("metrics", name, _METRICS) for name in metrics]
    if not metrics:
        raise argument_error("metrics", "'all' or a sequence of names", metrics)
    if not hasattr(dataset, "sample"):
        found = type(dataset).__name__
        raise argument_error("dataset", "a set with `sample(n, seed)`", found, TypeError)
    x, factors = dataset.sample(num_examples, seed)
    z = model.encode(x, batch_size=batch_size)
    scores = {}
    for name in metrics:
        draws = {"seed": seed} if name in _DRAWN else {}
        score = _METRICS[name](z, factors, discrete=discrete, **draws)
        scores |= score if isinstance(score, dict) else {name: score}
    return scores
