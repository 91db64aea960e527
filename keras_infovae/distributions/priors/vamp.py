"""The VampPrior."""

from collections.abc import Callable, Sequence

import keras
import tensorflow as tf

from keras_infovae.distributions.priors.base import SUPPORTS, Prior
from keras_infovae.typing import Distribution, Shape, Tensor
from keras_infovae.utils import probability as tfp
from keras_infovae.utils.checks import argument_error, check_choice, check_integer, check_number
from keras_infovae.utils.serialization import register


@register
class VampPrior(Prior):
    """The variational mixture of posteriors, at pseudo-inputs u_k that are learned:

        p(z) = (1/K) sum_k q(z|u_k)

    It lies where the encoder puts examples, so that the two need not pull at each other; the
    regularization that is left is that K posteriors have to cover all of the data. Each step
    encodes the K pseudo-inputs too. KL(q(z|x) || p(z)) has no closed form and is estimated from
    one draw.

    Args:
        num_components: K, at least 1. Default 100; the paper's is 500.
        value_range: (low, high) that the pseudo-inputs stay within, by a smooth bound, such as
            (0, 1) for gray levels under "bernoulli"; None (default) for no bound, as suits what a
            likelihood standardizes. They are what the encoder sees, `likelihood.features(x)`.
        support: where the posterior's z lies: "euclidean" (default), or "sphere".

    Raises:
        ValueError, TypeError: naming the argument, what is allowed and what was received.

    Example:

    >>> import keras_infovae as ki
    >>> prior = ki.priors.VampPrior(num_components=5, value_range=(0, 1))
    >>> prior.build(latent_dim=2, event_shape=(4,))
    >>> posterior_of = ki.posteriors.DiagonalNormal().distribution  # an encoder would come first
    >>> prior.distribution(2, posterior_of).sample(3, seed=[0, 0]).shape
    TensorShape([3, 2])

    References:
        Tomczak and Welling, VAE with a VampPrior, arXiv:1705.07120, equation 9.
    """

    made_of_posteriors = True

    def __init__(
        self,
        num_components: int = 100,
        value_range: Sequence[float] | None = None,
        support: str = "euclidean",
    ) -> None:
        super().__init__()
        self.num_components = check_integer("num_components", num_components)
        self.value_range = _check_range(value_range)
        self.support = check_choice("support", support, SUPPORTS)
        self.raw_inputs = None

    def build(self, latent_dim: int, event_shape: Shape | None = None) -> None:
        if event_shape is None:
            raise argument_error("event_shape", "the shape of one x, to make pseudo-inputs", None)
        self.raw_inputs = self.add_weight(
            name="raw_inputs",
            shape=(self.num_components, *event_shape),
            initializer=keras.initializers.RandomNormal(stddev=1.0),
        )
        self.built = True

    def pseudo_inputs(self) -> Tensor:
        """Returns the pseudo-inputs, float32 [num_components, *event_shape]."""
        raw = tf.convert_to_tensor(self.raw_inputs)
        if self.value_range is None:
            return raw
        low, high = self.value_range
        return low + (high - low) * tf.sigmoid(raw)

    def distribution(self, latent_dim: int, posterior_of: Callable | None = None) -> Distribution:
        if posterior_of is None:
            raise argument_error("posterior_of", "a function from x to q(z|x)", None)
        tfd = tfp.distributions
        weights = tfd.Categorical(logits=tf.zeros([self.num_components]))
        return tfd.MixtureSameFamily(weights, posterior_of(self.pseudo_inputs()))


def _check_range(value_range):
    """Returns (low, high) as a list of floats, or None."""
    if value_range is None:
        return None
    expectation = "None or a pair (low, high)"
    if not isinstance(value_range, (list, tuple)):
        raise argument_error("value_range", expectation, value_range, TypeError)
    if len(value_range) != 2:
        raise argument_error("value_range", expectation, value_range)
    low, high = (check_number(f"value_range[{i}]", value) for i, value in enumerate(value_range))
    if low >= high:
        raise argument_error("value_range", "a pair (low, high) with low < high", value_range)
    return [low, high]
