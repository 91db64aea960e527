"""What a training elsewhere is on the scale of this package."""

import dataclasses
import functools
import textwrap
from typing import Any

from keras_infovae import divergences, kernels
from keras_infovae.distributions import likelihoods, priors
from keras_infovae.divergences import power
from keras_infovae.utils.constructors import constructor_parameters

_SMALLEST_LAMBDA = 1e-6  # lambda_ has to be greater than 0


@dataclasses.dataclass(frozen=True)
class Explanation:
    """A training elsewhere, on the scale of this package: nats per example, summed over x.

    Multiplied by `factor`, which moves no minimum, and up to a constant, their loss is

        reconstruction_loss + kl_weight * kl_divergence + divergence_weight * divergence

    with the `likelihood` and `divergence` below. `str()` gives all of it to read.

    Attributes:
        source: whose training, and by which file.
        their_loss: their formula with its numbers, as a string.
        factor: what their loss is multiplied by, a float.
        kl_weight, divergence_weight: on the scale of this package, floats; they can be negative.
        likelihood, divergence: settings of this package that compute theirs.
        latent_dim: the number of dimensions of z.
        posterior: the name of the posterior here.
        batch_size: theirs, or None where their settings do not say.
        notes: sentences on what differs and what to know.
    """

    source: str
    their_loss: str
    factor: float
    kl_weight: float
    divergence_weight: float
    likelihood: object
    divergence: object
    latent_dim: int
    posterior: str = "diagonal_normal"
    batch_size: int | None = None
    notes: tuple = ()

    @property
    def alpha(self) -> float:
        """The alpha that they really train with, 1 - kl_weight; above 1 it is refused here."""
        return 1.0 - self.kl_weight

    @property
    def lambda_(self) -> float:
        """The lambda_ that they really train with, divergence_weight + kl_weight."""
        return self.divergence_weight + self.kl_weight

    @property
    def refused(self) -> str | None:
        """None, or the sentence that says why InfoVAE refuses these weights."""
        if self.divergence_weight < 0:
            return (
                f"The divergence has the weight {self.divergence_weight:g}: the training rewards "
                "codes that do not match the prior."
            )
        if self.kl_weight < 0:
            return (
                f"The KL term has the weight {self.kl_weight:g}: the training rewards posteriors "
                "far from the prior."
            )
        if self.lambda_ <= 0:
            return "Nothing holds the codes to the prior: this is an autoencoder with noise."
        return None

    @functools.cached_property
    def kernel_warning(self):
        """None, or the sentence that says that their kernel sees too little at their batch size."""
        if self.batch_size is None:
            return None
        prior = priors.get("standard_normal").distribution(self.latent_dim)
        return power.kernel_warning(self.divergence, prior, self.latent_dim, self.batch_size)

    @property
    def arguments(self) -> dict[str, Any]:
        """{name: value} for `InfoVAE(latent_dim, **arguments)`.

        They are equivalent where `refused` is None, else the nearest that InfoVAE takes: weights
        that are negative become 0.
        """
        kl_weight, divergence_weight = (
            max(weight, 0.0) for weight in (self.kl_weight, self.divergence_weight)
        )
        return {
            "alpha": 1.0 - kl_weight,
            "lambda_": max(divergence_weight + kl_weight, _SMALLEST_LAMBDA),
            "divergence": self.divergence,
            "posterior": self.posterior,
            "likelihood": self.likelihood,
        }

    @property
    def call(self) -> str:
        """The code of `arguments`: `ki.InfoVAE(...)`, a string."""
        arguments = {"latent_dim": self.latent_dim, **self.arguments}
        if self.posterior == "diagonal_normal":
            del arguments["posterior"]
        lines = [f"    {name}={_code(value)},\n" for name, value in arguments.items()]
        return f"ki.InfoVAE(\n{''.join(lines)})"

    def __str__(self):
        lines = [
            self.source,
            f"  they minimize   {self.their_loss}",
            f"  times {self.factor:g}, in nats per example, that is",
            f"    reconstruction_loss + {self.kl_weight:g} * kl_divergence "
            f"+ {self.divergence_weight:g} * divergence",
            f"  so that         alpha = {self.alpha:g}, lambda_ = {self.lambda_:g}",
            f"  likelihood      {_code(self.likelihood)}",
            f"  kernel          {_code(self.divergence.kernel)}",
        ]
        if self.refused is None:
            lines.append("  the same objective here:")
        else:
            lines += _wrapped(f"Refused here. {self.refused}", "  ", "  ")
            lines.append("  the nearest here:")
        lines.append(textwrap.indent(self.call, "    "))
        for note in (*self.notes, *filter(None, [self.kernel_warning])):
            lines += _wrapped(note, "  - ", "    ")
        return "\n".join(lines)


def _wrapped(text, first, rest):
    return textwrap.wrap(text, 100, initial_indent=first, subsequent_indent=rest)


_MODULES = (
    (kernels.Kernel, "kernels"),
    (divergences.Divergence, "divergences"),
    (likelihoods.Likelihood, "likelihoods"),
)


def _code(value):
    """Returns the Python code of a setting with the arguments away from their defaults."""
    module = next((name for base, name in _MODULES if isinstance(value, base)), None)
    if module is None:
        return repr(value)
    parameters = constructor_parameters(type(value)).values()
    arguments = [
        f"{p.name}={_code(getattr(value, p.name))}"
        for p in parameters
        if not _same(getattr(value, p.name), p.default)
    ]
    return f"ki.{module}.{type(value).__name__}({', '.join(arguments)})"


def _same(value, default):
    """Returns whether an attribute is its default, which may be a tuple where that is a list."""
    if isinstance(value, list) and isinstance(default, tuple):
        return value == list(default)
    return value == default
