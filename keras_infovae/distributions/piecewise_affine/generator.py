"""The generator of a trained model, where it is affine on regions and its noise is normal."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_infovae.distributions.likelihoods.normal import Normal
from keras_infovae.distributions.piecewise_affine import mixture
from keras_infovae.distributions.piecewise_affine.layers import (
    ALLOWED,
    AffineLayer,
    dense_layers,
    outputs,
    read_layers,
)
from keras_infovae.distributions.piecewise_affine.regions import (
    MOST_REGIONS,
    TooManyRegions,
    most_regions,
    regions_of,
)
from keras_infovae.distributions.priors.standard_normal import StandardNormal

_MOST_NUMBERS = 2**22  # of x, regions and vertices together, that are computed with at a time


class Generator(NamedTuple):
    """x = offset + unit * (g(z) + scale * e) with z and e ~ N(0, I), NumPy float64.

    Args:
        layers: the `AffineLayer`s of g.
        scale, offset, unit: [D], of x flattened.
    """

    layers: list
    scale: np.ndarray
    offset: np.ndarray
    unit: np.ndarray

    @property
    def latent_dim(self):
        """The number of latents."""
        return self.layers[0].kernel.shape[0]

    def in_noise_units(self, x):
        """Returns x [n, ...] so that its noise is N(0, I), float64 [n, D]."""
        x = np.asarray(x, "float64").reshape(len(x), -1)
        return (x - self.offset) / self.unit / self.scale

    @property
    def log_volume(self):
        """What log p(x) has less than log p of x in units of the noise, in nats."""
        return float(np.sum(np.log(self.unit) + np.log(self.scale)))

    def whitened(self):
        """Returns the layers whose outputs are in units of the noise."""
        last = self.layers[-1]
        scaled = AffineLayer(last.kernel / self.scale, last.bias / self.scale, last.slope)
        return [*self.layers[:-1], scaled]

    def pieces(self):
        """Returns the `Pieces`, which take a while to find.

        Raises:
            ValueError: as `not_exact` says it, for more than two latents or too many regions.
        """
        if self.latent_dim > 2:
            raise not_exact(f"latent_dim={self.latent_dim}")
        try:
            regions = regions_of(self.whitened())
        except TooManyRegions as error:
            raise not_exact(error) from error
        return mixture.Pieces(*map(tf.constant, regions[:3]))

    def log_joint(self, z, x):
        """Returns log p(x, z), x in units of the noise: [k, n] for z [k, n, S], x [n, D]."""
        squares = np.square(x - outputs(self.whitened(), z)).sum(-1) + np.square(z).sum(-1)
        return -0.5 * (squares + (x.shape[-1] + z.shape[-1]) * np.log(2.0 * np.pi))


def read_generator(model):
    """Returns the `Generator` of a model with latents.

    Raises:
        ValueError: saying what the model has that has no exact p(x), and what has.
    """
    try:
        _require_parts(model)
        layers = read_layers(model.decoder)
    except ValueError as error:
        raise not_exact(error) from error
    likelihood, shape = model.likelihood, model.event_shape
    units = likelihood.units
    return Generator(
        layers,
        _flat(likelihood.shared_scale(), shape),
        _flat(0.0 if units is None else units.offset, shape),
        _flat(1.0 if units is None else units.unit, shape),
    )


def why_not_exact(model):
    """Returns what stands against an exact p(x) of a model with latents, whatever its weights.

    It is text as `not_exact` takes, and None where p(x) is known by the parts of the model: of a
    decoder whose sizes allow more regions than can be handled it is not, although weights may make
    fewer, as `read_generator` and `Generator.pieces` find.
    """
    try:
        _require_parts(model)
        layers = dense_layers(model.decoder)
    except ValueError as error:
        return str(error)
    if model.latent_dim > 2:
        return f"latent_dim={model.latent_dim}"
    count = most_regions([layer.units for layer, slope in layers if slope != 1.0], model.latent_dim)
    if count > MOST_REGIONS:
        return f"a decoder that may be affine on {count:,} regions"
    return None


def not_exact(reason):
    """Returns the ValueError that says that p(x) has no closed form, because of `reason`."""
    return ValueError(
        "The exact p(x) needs a standard_normal prior, a normal likelihood with a fixed, global or "
        f"per_column scale, no condition, one or two latents, and a decoder of {ALLOWED}, affine "
        f"on at most {MOST_REGIONS:,} regions. Received: {reason}"
    )


def _require_parts(model):
    """Raises ValueError for a model whose parts, other than the decoder, have no exact p(x)."""
    for part in ("decoder", "likelihood", "model_prior"):
        if not hasattr(model, part):
            raise ValueError(f"a {type(model).__name__}, which has no {part}")
    model.example_spec.require_known()
    likelihood = model.likelihood
    if model.condition.size:
        raise ValueError("a model that takes a condition")
    if not isinstance(model.model_prior, StandardNormal):
        learned = "" if model.learned_prior is None else "a learned "
        raise ValueError(f"{learned}prior={type(model.model_prior).__name__}")
    if not isinstance(likelihood, Normal) or likelihood.shared_scale() is None:
        scale = getattr(likelihood, "scale", None)
        described = "" if scale is None else f"(scale={scale!r})"
        raise ValueError(f"likelihood={type(likelihood).__name__}{described}")


def _flat(value, event_shape):
    value = np.asarray(tf.convert_to_tensor(value), "float64")
    return np.broadcast_to(value, event_shape).reshape(-1)


def rows_at_once(pieces):
    """Returns how many x are computed with at a time, at least 1."""
    vertices = np.prod(pieces.cells.shape[1:-1], dtype=int)
    return max(1, _MOST_NUMBERS // (pieces.cells.shape[0] * int(vertices) * 8))
