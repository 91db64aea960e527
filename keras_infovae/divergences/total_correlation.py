"""Total correlation, by minibatch-stratified sampling."""

from typing import Any

from keras_infovae.distributions import diagonal_normal_moments, is_deterministic
from keras_infovae.divergences.base import Divergence
from keras_infovae.divergences.draws import draws_per_example
from keras_infovae.divergences.functional import stratified_total_correlation
from keras_infovae.typing import Distribution, Tensor
from keras_infovae.utils import reductions
from keras_infovae.utils.checks import argument_error, check_integer
from keras_infovae.utils.randomness import split_seed
from keras_infovae.utils.serialization import register


@register
class TotalCorrelation(Divergence):
    """The total correlation of the aggregated posterior, from the minibatch's own densities:

        TC(q) = KL(q(z) || prod_d q(z_d)) = E_q [log q(z) - sum_d log q(z_d)]

    in nats: how far the dimensions of z are from independent. The prior plays no part, and the
    value is zero for every q with independent dimensions: no strict divergence, to be used beside a
    KL term of full weight (alpha = 0). With lambda_ = beta and alpha = 0 the loss is that of the
    beta-TCVAE, whose mutual information and dimension-wise KL keep the weight 1. Choose it for
    codes whose dimensions vary separately, at a smaller price in reconstruction than beta-VAE's.

    Biased: log q(z) is taken from the examples of the minibatch, which makes every estimate of it
    too low; the larger the batch, the less.

    Args:
        dataset_size: the number of training examples. Default None: learned from `fit`; without
            that, the size of the batch.
        num_samples: draws of z per example. Default 1, as in the paper.

    The time is O(batch^2 num_samples latent_dim).

    Raises:
        ValueError: when called without a posterior that is a diagonal normal.

    Example:

    >>> import keras_infovae as ki
    >>> divergence = ki.divergences.get("total_correlation")
    >>> prior = ki.priors.get("standard_normal").distribution(2)
    >>> posterior = ki.posteriors.get("diagonal_normal").distribution([[1.0, 1.0, 0.0, 0.0]] * 8)
    >>> z = posterior.sample(seed=[0, 0])
    >>> bool(abs(divergence(z, prior, posterior)) < 1e-6)
    True

    References:
        Chen et al., Isolating Sources of Disentanglement, arXiv:1802.04942, section 4 and appendix
        C.2.
    """

    is_strict = False
    needs_diagonal_posterior = True

    def __init__(self, dataset_size: int | None = None, num_samples: int = 1) -> None:
        self.dataset_size = (
            None if dataset_size is None else check_integer("dataset_size", dataset_size)
        )
        self.num_samples = check_integer("num_samples", num_samples)
        self._num_examples = None  # a variable, so that a compiled step sees what `adapt` learns

    def build(self, latent_dim: int | None) -> None:
        """Makes the variable that keeps the number of examples; it is not trained."""
        if self._num_examples is None:
            self._num_examples = reductions.step_variable(0, "num_examples")

    def adapt(self, num_examples: int | None) -> None:
        """Learns how many examples there are, if the constructor was not told."""
        self.build(None)
        self._num_examples.assign(num_examples or 0)

    def adapted_state(self) -> dict[str, Any]:
        """Returns the variable that keeps the number of examples."""
        return {} if self._num_examples is None else {"num_examples": self._num_examples}

    def auto_lambda(self, alpha: float) -> float:
        """Returns 6: beta = 6, as the reference has on images. No study of our own yet."""
        return 6.0

    def __call__(
        self,
        z: Tensor,
        prior: Distribution,
        posterior: Distribution | None = None,
        seed: Tensor | int | None = 0,
    ) -> Tensor:
        moments = None
        if posterior is not None and not is_deterministic(posterior):
            moments = diagonal_normal_moments(posterior)
        if moments is None:
            raise argument_error(
                "posterior",
                "'diagonal_normal' with this divergence, which needs the density of each dimension",
                posterior,
            )
        (seed,) = split_seed(seed, 1)  # random if None
        draws = draws_per_example(z, posterior, self.num_samples, seed)
        size = self.dataset_size
        if size is None and self._num_examples is not None:
            size = self._num_examples.read_value()
        mean, variance = moments
        return stratified_total_correlation(draws, mean, variance, size)
