"""The energy-based prior."""

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from keras_infovae.distributions.base import bounded_log
from keras_infovae.distributions.priors.base import Prior
from keras_infovae.distributions.priors.energy_distribution import energy_distribution
from keras_infovae.distributions.priors.hierarchical import Hierarchical
from keras_infovae.distributions.priors.partition import annealed_partition
from keras_infovae.distributions.priors.standard_normal import StandardNormal
from keras_infovae.samplers import (
    adapt_step_size,
    mala_step,
    run_chain,
    seeded_noise,
    with_gradient,
)
from keras_infovae.typing import Config, Distribution, Logs, Optimizer, Shape, Tensor
from keras_infovae.utils import reductions
from keras_infovae.utils.checks import (
    argument_error,
    check_activation,
    check_choice,
    check_integer,
    check_integers,
    check_number,
)
from keras_infovae.utils.gradients import apply_gradients
from keras_infovae.utils.player import Player
from keras_infovae.utils.randomness import split_seed
from keras_infovae.utils.serialization import (
    deserialize_values,
    new_optimizer,
    optimizer_config,
    register,
)

_BASES = {"standard_normal": StandardNormal, "hierarchical": Hierarchical}
_FIRST_STEP_SIZE = 0.5
_CHAIN_LAGS = -2.0  # nats; near 0 where the chain keeps up, -15 to -30 where it broke (measured)
_AT_EPOCH_END, _AT_THE_END = {"temperatures": 100}, {"temperatures": 300}


class LogPartition(NamedTuple):
    """What annealing found of log Z, floats.

    Args:
        value: log Z, in nats: in expectation a lower bound, so that log p(x) is not too low by it.
        standard_error: of it, over the chains.
        acceptance: the mean probability with which the chains' steps were accepted.
    """

    value: float
    standard_error: float
    acceptance: float


@register
class EnergyBased(Player, Prior):
    """A base distribution, tilted by the energies that a network gives:

        p(z) = exp(f(z)) p0(z) / Z,        f(z) = bound * tanh(network(z) / bound)

    The larger f(z), the likelier z. Draws are chains of `steps` Metropolis-adjusted Langevin steps
    that begin at draws from p0. They run in the noise u that the base makes z of, where every
    scale is 1: p(u) = exp(f(z(u))) N(u; 0, I) / Z, with the same Z.

    It is learned by the one gradient that all of its weights have, those of a base too, from draws
    z- of the prior and codes z+:

        adversary_loss = mean f(z-) - mean f(z+),        minimized

    near 0 where the chains keep up with what is learned. Below -2 they do not, and a warning says
    so. Two ways:

    - second stage, which is the stable one and the better: train with another prior, then
      `model.fit_prior(x, ki.priors.EnergyBased())`;
    - jointly, as the `prior` of a model: it takes a step of its own after each step of the model,
      with a learning rate of at most a tenth of the model's. With `inference=ShortRunLangevin(...)`
      codes are drawn by chains on p(x, z) too, as in the papers.

    log Z is not known as f changes. It is estimated by annealed importance sampling at the end of
    each epoch and of `fit_prior`, and is a weight, `log_partition`, with its standard error beside
    it; after other steps log p(z) is unnormalized, and what needs log Z says so. In a training the
    KL term has the last estimate in it, which no gradient sees.

    Args:
        base: p0(z): "standard_normal" (default), "hierarchical", or a prior that is made of noise.
            f is then the sum of an energy for each of its layers. One that is built, such as
            the `prior` of a trained model, is copied with its weights.
        hidden_units: sizes of the network's hidden layers. Default (64, 64).
        activation: name of a Keras activation of them. Default "gelu".
        bound: the largest |f(z)| of the network of each layer of z, greater than 0. Default 10.
            None for none, with which learning diverges unless its rate is small.
        steps: of a chain, at least 1. Default 30.
        step_size: a number, or "adapt" (default) for a weight that follows the acceptance to 0.7.
        optimizer: a Keras optimizer, its config or name. Default None: Adam with beta_1 = 0.5, and
            the learning rate 1e-4 jointly or 5e-4 in a second stage.

    Raises:
        ValueError, TypeError: naming the argument, what is allowed and what was received.

    Example:

    >>> import numpy as np
    >>> import keras_infovae as ki
    >>> x = np.random.default_rng(0).random((64, 12)).astype("float32")
    >>> model = ki.VAE(latent_dim=2, seed=0)
    >>> history = model.fit(x, epochs=1, verbose=0)
    >>> prior = ki.priors.EnergyBased(hidden_units=(16,), steps=5)
    >>> history = model.fit_prior(x, prior, epochs=1, seed=0, verbose=0)
    >>> model.generate(3, seed=0).shape, model.elbo(x).shape
    ((3, 12), (64,))

    References:
        Pang, Han, Nijkamp, Zhu, Wu, Learning Latent Space Energy-Based Prior Model,
        arXiv:2006.08205, equations 3, 8 and 9.
        Cui, Wu, Han, Learning Joint Latent Space EBM Prior Model for Multi-layer Generator,
        arXiv:2306.06323, sections 3.2 and 3.3.
    """

    draws_by_chain = True
    settable = ("steps",)
    code_loss_text = "E f(z) over draws of the prior - E f(z) over codes"

    def __init__(
        self,
        base: str | Prior = "standard_normal",
        hidden_units: Sequence[int] = (64, 64),
        activation: str = "gelu",
        bound: float = 10.0,
        steps: int = 30,
        step_size: str | float = "adapt",
        optimizer: Optimizer | None = None,
    ) -> None:
        super().__init__()
        base = _check_base(base)
        # Of a copy: it learns other weights than the prior that it was taken from.
        self._base_weights = base.get_weights() if base.built else None
        self.base = type(base).from_config(base.get_config()) if base.built else base
        self.hidden_units = check_integers("hidden_units", hidden_units)
        self.activation = check_activation("activation", activation)
        self.bound = None if bound is None else check_number("bound", bound, exclusive_minimum=0)
        self.steps = steps
        if isinstance(step_size, str):
            check_choice("step_size", step_size, ["adapt"])
        else:
            step_size = check_number("step_size", step_size, exclusive_minimum=0)
        self.step_size = step_size
        if optimizer is not None:
            optimizer = optimizer_config(optimizer)
        # Kept as a config: the optimizer is made in `build`, within the scope of the strategy.
        self.optimizer = optimizer
        self.networks = []

    @property
    def steps(self) -> int:
        """The steps of a chain; they may be set after a training."""
        return self._steps

    @steps.setter
    def steps(self, value: int) -> None:
        self._steps = check_integer("steps", value)

    @classmethod
    def from_config(cls, config: Config) -> "EnergyBased":
        """Returns the prior that `get_config` described."""
        return cls(**deserialize_values(config))

    def build(self, latent_dim: int, event_shape: Shape | None = None) -> None:
        self.latent_dim = latent_dim
        self.base.build(latent_dim)
        if self._base_weights is not None:
            self.base.set_weights(self._base_weights)
        for i, size in enumerate(self.base.layer_sizes(latent_dim)):
            self.networks.append(self._network(size, f"energy_{i}"))
        fixed = {"shape": (), "trainable": False, "aggregation": "only_first_replica"}
        first: float = self.step_size if self.step_size != "adapt" else _FIRST_STEP_SIZE
        start = keras.initializers.Constant(math.log(first))
        self.log_step_size = self.add_weight(name="log_step_size", initializer=start, **fixed)
        # f is 0 at first, and log Z with it.
        names = {"log_partition": "zeros", "log_partition_error": "zeros", "normalized": "ones"}
        for name, value in names.items():
            setattr(self, name, self.add_weight(name=name, initializer=value, **fixed))
        self.player_optimizer = self._new_optimizer(1e-4)
        self.player_optimizer.build(self.player_variables)
        self.built = True

    def _network(self, size, name):
        hidden = [
            keras.layers.Dense(units, self.activation, dtype="float32")
            for units in self.hidden_units
        ]
        last = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros", dtype="float32")
        return keras.Sequential([keras.Input((size,)), *hidden, last], name=name)

    def _new_optimizer(self, learning_rate):
        if self.optimizer is None:
            return keras.optimizers.Adam(learning_rate, beta_1=0.5)
        return new_optimizer(self.optimizer)

    def code_optimizer(self) -> Optimizer:
        return self._new_optimizer(5e-4)

    # === The density ===

    def distribution(self, latent_dim: int, posterior_of: Callable | None = None) -> Distribution:
        return energy_distribution(self, self.base.distribution(latent_dim))

    def energy(self, z: Tensor) -> Tensor:
        """Returns f(z), float32 [...], in nats, for z [..., latent_dim]."""
        sizes = self.base.layer_sizes(self.latent_dim)
        total = 0.0
        for network, part in zip(self.networks, tf.split(tf.cast(z, tf.float32), sizes, axis=-1)):
            rows = network(tf.reshape(part, [-1, part.shape[-1]]))
            value = tf.reshape(rows, tf.shape(part)[:-1])
            total += value if self.bound is None else bounded_log(value, self.bound)
        return tf.ensure_shape(total, z.shape[:-1])

    def run(self, u: Tensor, noise: Callable) -> tuple[Any, Any]:
        """Returns (z at the end of the chains [..., latent_dim], the `Info` of their steps).

        Args:
            u: where they begin, draws from N(0, I), [..., latent_dim].
            noise: the source of their noise, such as `samplers.seeded_noise` gives.
        """

        def log_density(u):
            return self.energy(self.base.of_noise(u)) - 0.5 * tf.reduce_sum(u**2, axis=-1)

        density = with_gradient(log_density)
        step_size = tf.exp(tf.convert_to_tensor(self.log_step_size))
        end, info = run_chain(mala_step, density, density(u), self.steps, step_size, noise)
        return tf.stop_gradient(self.base.of_noise(end.z)), info

    # === log Z ===

    @property
    def is_normalized(self) -> bool:
        """Whether log Z is known for the weights as they are."""
        return tf.inside_function() or bool(self.normalized.numpy())

    def estimate_log_partition(
        self, chains: int = 256, temperatures: int = 300, seed: int = 0
    ) -> LogPartition:
        """Estimates log Z by annealed importance sampling, and keeps it; returns `LogPartition`.

        Args:
            chains: at least 2. Default 256.
            temperatures: steps from p0 to p, at least 1. Default 300.
            seed: an integer of at least 0. Default 0.
        """
        check_integer("chains", chains, minimum=2)
        check_integer("temperatures", temperatures)
        found = LogPartition(*map(float, annealed_partition(self, chains, temperatures, seed)))
        self.log_partition.assign(found.value)
        self.log_partition_error.assign(found.standard_error)
        self.normalized.assign(1.0)
        return found

    def settle(self, latent_dim: int) -> None:
        self.estimate_log_partition(**_AT_THE_END)

    # === Learning ===

    def code_loss(
        self, z: Tensor, distribution: Distribution, seed: Tensor, training: bool = False
    ) -> Tensor:
        z = tf.stop_gradient(z)
        start, noise = split_seed(seed, 2)
        draws, info = self.run(tf.random.stateless_normal(tf.shape(z), start), seeded_noise(noise))
        if training:
            self._after_chain(info)
        loss = tf.reduce_mean(self.energy(draws)) - tf.reduce_mean(self.energy(z))
        if self.base.trainable_variables:
            # The gradient of f + log p0 is that of all weights; the value stays that of f.
            p0 = distribution.start
            contrast = tf.reduce_mean(p0.log_prob(draws)) - tf.reduce_mean(p0.log_prob(z))
            loss += contrast - tf.stop_gradient(contrast)
        return loss

    def _after_chain(self, info):
        if self.step_size == "adapt":
            # Between chains, so that each keeps its target.
            log_step_size = tf.convert_to_tensor(self.log_step_size)
            self.log_step_size.assign(adapt_step_size(log_step_size, info.acceptance))
        self.normalized.assign(0.0)

    def player_loss(self, z: Tensor, prior: Distribution, seed: Tensor) -> Tensor:
        return self.code_loss(z, prior, seed)

    def play(self, z: Tensor, prior: Distribution, seed: Tensor) -> Tensor:
        with tf.GradientTape() as tape:
            loss = self.code_loss(z, prior, seed, training=True)
            share = reductions.share_of_global_value(loss)
        variables = self.player_variables
        apply_gradients(self.player_optimizer, tape.gradient(share, variables), variables)
        return loss

    def check_loss(self, loss: float) -> None:
        if loss < _CHAIN_LAGS:
            warnings.warn(
                f"The loss of the prior EnergyBased (adversary_loss of a model) is {loss:.3g}, "
                f"below {_CHAIN_LAGS:g}: its chains do not keep up with what it learns, and draws "
                "from it are not from p(z). Learn it in a second stage (model.fit_prior), with a "
                "smaller learning rate, more steps or a smaller bound."
            )

    def end_epoch(self, logs: Logs) -> None:
        self.check_loss(logs.get("adversary_loss", 0.0))
        self.estimate_log_partition(**_AT_EPOCH_END)


def _check_base(base):
    """Returns the `Prior` that p0 is."""
    if isinstance(base, str):
        base = _BASES[check_choice("base", base, _BASES)]()
    if not isinstance(base, Prior):
        raise argument_error(
            "base", "a prior, 'standard_normal' or 'hierarchical'", base, TypeError
        )
    if not base.has_noise_form:
        raise argument_error("base", "a prior that is made of noise", type(base).__name__)
    return base
