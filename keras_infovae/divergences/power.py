"""What a divergence can see at the size of a batch, and a warning where it is too little."""

import tensorflow as tf

from keras_infovae.divergences.base import Divergence
from keras_infovae.divergences.null import compiled_null, null_values
from keras_infovae.typing import Distribution
from keras_infovae.utils import probability as tfp
from keras_infovae.utils.checks import check_integer, check_number
from keras_infovae.utils.randomness import check_seed

ENOUGH = 3.0  # standard deviations: a smaller signal is lost in the noise of the minibatch
_ROWS = 128  # of a large batch: a divergence of pairs takes milliseconds then
_FEW_ROWS, _MORE_ROWS = 64, 256  # what `kernel_warning` looks at first, and if that is too little


def signal_to_noise(
    divergence: Divergence,
    prior: Distribution,
    latent_dim: int,
    batch_size: int,
    scale: float = 0.5,
    draws: int = 16,
    seed: int = 0,
    max_rows: int = _ROWS,
) -> float:
    """Returns how well a divergence tells codes of the wrong spread from the prior, a float:

        (mean D at scale - mean D at 1) / (standard deviation of D at 1)

    over batches of z drawn from the prior and scaled about its mean (`compiled_null`). Below 3,
    the training signal of a wrong variance is lost in the noise between minibatches.

    Args:
        divergence: a `Divergence`.
        prior: p(z), a TFP distribution with event shape [latent_dim], not on a sphere.
        latent_dim: the number of dimensions of z.
        batch_size: examples in a batch.
        scale: of the codes' deviation. Default 0.5, a quarter of the variance.
        draws: batches on each side. Default 16, which gives the ratio to within a fifth or so (the
            relative error of a standard deviation is 1 / sqrt(2 (draws - 1))).
        seed: an integer. Default 0.
        max_rows: larger batches are judged by this many rows, so that the cost does not grow with
            their square. Default 128. The ratio of more rows is only larger: the noise falls with
            them, and the signal does not.

    Example:

    >>> import keras_infovae as ki
    >>> from keras_infovae.divergences.power import signal_to_noise
    >>> prior = ki.priors.get("standard_normal").distribution(2)
    >>> signal_to_noise(ki.divergences.get("mmd"), prior, latent_dim=2, batch_size=64) > 3
    True
    """
    check_integer("latent_dim", latent_dim)
    rows = min(check_integer("batch_size", batch_size), check_integer("max_rows", max_rows))
    check_integer("draws", draws, minimum=2)
    scale = check_number("scale", scale, minimum=0)
    function = compiled_null(divergence, lambda: prior, rows)
    equal, scaled = (
        null_values(function, draws, check_seed(seed) or 0, tf.constant(s)) for s in (1.0, scale)
    )
    noise = float(equal.std(ddof=1))
    signal = float(scaled.mean() - equal.mean())
    if noise == 0.0:
        return float("inf") if signal > 0 else 0.0
    return signal / noise


def kernel_warning(
    divergence: Divergence, prior: Distribution, latent_dim: int, batch_size: int
) -> str | None:
    """Returns None, or a sentence that says that the kernel sees too little, and what to do.

    It is the check before a training: `signal_to_noise` below 3. Divergences without a kernel, and
    priors on a sphere, where codes have no spread to get wrong, are passed over.

    Args:
        divergence, prior, latent_dim, batch_size: as for `signal_to_noise`.

    Example:

    >>> import keras_infovae as ki
    >>> from keras_infovae.divergences.power import kernel_warning
    >>> prior = ki.priors.get("standard_normal").distribution(2)
    >>> kernel_warning(ki.divergences.get("mmd"), prior, latent_dim=2, batch_size=64) is None
    True
    """
    kernel = getattr(divergence, "kernel", None)
    if kernel is None or _is_on_sphere(prior):
        return None
    # A kernel with power to spare shows it in few rows. One that seems to have none gets more, and
    # the benefit of the rest of the batch: the noise at equality of a mean over pairs falls as
    # 1 / rows, so that the ratio grows with them in proportion.
    batch_size = check_integer("batch_size", batch_size)
    if signal_to_noise(divergence, prior, latent_dim, batch_size, max_rows=_FEW_ROWS) >= ENOUGH:
        return None
    ratio = signal_to_noise(divergence, prior, latent_dim, batch_size, max_rows=_MORE_ROWS)
    ratio *= max(1.0, batch_size / _MORE_ROWS)
    if ratio >= ENOUGH:
        return None
    return (
        f"The divergence cannot see a wrong variance of z at latent_dim={latent_dim} and a batch "
        f"of {batch_size}: codes of half the prior's deviation raise it by {max(ratio, 0.0):.1f} "
        f"standard deviations of its noise between batches, and {ENOUGH:g} are needed. Choose a "
        'kernel with bandwidth="dimension" and several scales (the default of '
        f"MaximumMeanDiscrepancy), another kernel, or a larger batch. Received: kernel={kernel!r}"
    )


def _is_on_sphere(prior):
    tfd = tfp.distributions
    return isinstance(prior, (tfd.SphericalUniform, tfd.VonMisesFisher))
