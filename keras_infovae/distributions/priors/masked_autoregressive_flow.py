"""The masked autoregressive flow prior."""

from collections.abc import Callable, Sequence

import tensorflow as tf

from keras_infovae.distributions.base import bounded_log
from keras_infovae.distributions.priors.base import Prior
from keras_infovae.distributions.priors.masked_network import MaskedNetwork
from keras_infovae.typing import Distribution, Shape
from keras_infovae.utils import probability as tfp
from keras_infovae.utils.checks import check_activation, check_integer, check_integers
from keras_infovae.utils.serialization import register

_LOG_SCALE_LIMIT = 3.0


@register
class MaskedAutoregressiveFlow(Prior):
    """A normalizing flow, learned with the model: a chain of autoregressive maps of N(0, I), each

        z_i = u_i exp(s_i(z_1 ... z_(i-1))) + m_i(z_1 ... z_(i-1))

    with the order of the dimensions reversed from one to the next. The most flexible of the priors
    with an exact density, and the slowest to sample: `log_prob` is one pass through `num_flows`
    small networks, a sample needs latent_dim passes one after another. It starts as N(0, I); the
    log-scales s_i are kept within (-3, 3) by a smooth bound.

    Args:
        num_flows: how many maps, at least 1. Default 4.
        hidden_units: sizes of the hidden layers of each map's network. Default (64, 64).
        activation: name of a Keras activation of the hidden layers. Default "tanh", with
            which m_i and s_i stay bounded far away from the data.

    Raises:
        ValueError, TypeError: naming the argument, what is allowed and what was received.

    Example:

    >>> import keras_infovae as ki
    >>> prior = ki.priors.MaskedAutoregressiveFlow(num_flows=2, hidden_units=(8,))
    >>> prior.build(latent_dim=3)
    >>> p = prior.distribution(3)
    >>> p.sample(4, seed=[0, 0]).shape, p.log_prob([[0.0, 0.0, 0.0]]).shape
    (TensorShape([4, 3]), TensorShape([1]))

    References:
        Papamakarios et al., Masked Autoregressive Flow for Density Estimation, arXiv:1705.07057,
        equations 2 to 4.
    """

    def __init__(
        self, num_flows: int = 4, hidden_units: Sequence[int] = (64, 64), activation: str = "tanh"
    ) -> None:
        super().__init__()
        self.num_flows = check_integer("num_flows", num_flows)
        self.hidden_units = check_integers("hidden_units", hidden_units)
        self.activation = check_activation("activation", activation)
        self.networks = [
            MaskedNetwork(2, self.hidden_units, activation) for _ in range(self.num_flows)
        ]

    def build(self, latent_dim: int, event_shape: Shape | None = None) -> None:
        for network in self.networks:
            network.build(latent_dim)
        self.built = True

    def distribution(self, latent_dim: int, posterior_of: Callable | None = None) -> Distribution:
        tfd, tfb = tfp.distributions, tfp.bijectors
        reverse = tfb.Permute(list(range(latent_dim))[::-1])
        chain = []
        for network in self.networks:
            chain += [tfb.MaskedAutoregressiveFlow(_shift_and_log_scale(network)), reverse]
        zeros = tf.zeros([latent_dim])
        base = tfd.Independent(tfd.Normal(zeros, tf.ones_like(zeros)), 1)
        return tfd.TransformedDistribution(base, tfb.Chain(chain[:-1]))


def _shift_and_log_scale(network):
    def function(z):
        shift, log_scale = tf.unstack(network(z), num=2, axis=-1)
        return shift, bounded_log(log_scale, _LOG_SCALE_LIMIT)

    return function
