"""The base of divergences D(q(z), p(z)) between the aggregated posterior and the prior."""

from typing import Any

from keras_infovae.typing import Distribution, Tensor
from keras_infovae.utils.checks import argument_error
from keras_infovae.utils.serialization import Setting


class Divergence(Setting):
    """A divergence D(q(z), p(z)) >= 0 between the aggregated posterior and the prior.

    A member defines `__call__`, and says by these attributes what it can be used for:

        is_strict             D = 0 only where q = p. Default True; False for a member that compares
                              some moments alone, or does not look at the prior.
        needs_prior_density   it uses the gradient of log p(z), so that a prior that can only be
                              sampled will not do. Default False.
        needs_diagonal_posterior
                              it uses the density of each dimension of z. Default False.
        supports              the supports of z that it is defined on, some of "euclidean" (default)
                              and "sphere".
    """

    is_strict = True
    needs_prior_density = False
    needs_diagonal_posterior = False
    supports = ("euclidean",)

    def build(self, latent_dim: int) -> None:
        """Makes the weights, if there are any; the model calls it once, in the strategy's scope."""

    def adapt(self, num_examples: int | None) -> None:
        """Learns how many examples there are to train on; `fit` calls it before it trains.

        Args:
            num_examples: an int, or None where it is not known.
        """

    def adapted_state(self) -> dict[str, Any]:
        """Returns {name: variable} of what `adapt` learned, which is saved with the model."""
        return {}

    def auto_lambda(self, alpha: float) -> float:
        """Returns the number that `lambda_="auto"` stands for with this divergence.

        Args:
            alpha: the weight of I_q(x; z), at most 1.

        Raises:
            ValueError: where the divergence has no such rule, as by default: a weight depends on
                the divergence's unit.
        """
        raise argument_error(
            "lambda_", f"a number: {type(self).__name__} has no rule for 'auto'", "auto"
        )

    def __call__(
        self,
        z: Tensor,
        prior: Distribution,
        posterior: Distribution | None = None,
        seed: Tensor | int | None = 0,
    ) -> Tensor:
        """Returns an estimate of D(q(z), p(z)), a float32 scalar.

        Args:
            z: [n, latent_dim], samples of q(z): one per example of the batch.
            prior: p(z), a TFP distribution with event shape [latent_dim].
            posterior: the batch of q(z|x), a TFP distribution with batch shape [n], for estimators
                that integrate z out or draw several z per example. Default None.
            seed: for estimators that draw samples: an integer, an int32 tensor [2], or None for
                new draws each time. Default 0: a measurement repeats.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define `__call__`")
