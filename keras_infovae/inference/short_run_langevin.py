"""Short-run inference: a few Langevin steps from the prior give z."""

import functools
import math
from typing import Any

import keras
import tensorflow as tf

from keras_infovae import schedules
from keras_infovae.distributions import draw_rows
from keras_infovae.inference.base import Codes, Inference
from keras_infovae.samplers import (
    adapt_step_size,
    langevin_step,
    mala_step,
    row_noise,
    run_chain,
    with_gradient,
)
from keras_infovae.typing import Config, Joint, Shape, Tensor
from keras_infovae.utils import reductions
from keras_infovae.utils.checks import (
    argument_error,
    check_boolean,
    check_integer,
    check_number,
    check_numbers,
)
from keras_infovae.utils.row_random import fold_in
from keras_infovae.utils.serialization import deserialize_values, register

_PAPER = (0.8, 0.7, 0.6, 0.5, 0.2, 0.2, 0.1, 0.1)  # and 0.05 from there on
_FIRST_ADAPTED = 0.3


def _check_longest_drift(name, value):
    return None if value is None else check_number(name, value, exclusive_minimum=0)


_CHECKS = {
    "steps": check_integer,
    "temperature": functools.partial(schedules.check_weight, exclusive_minimum=0),
    "adjusted": check_boolean,
    "chains": check_integer,
    "target_acceptance": functools.partial(check_number, exclusive_minimum=0, maximum=1),
    "longest_drift": _check_longest_drift,
}  # of what may be set after a call, too


@register
class ShortRunLangevin(Inference):
    """z by a few Langevin steps that begin at a draw from the prior, without an encoder:

        z_0 ~ p(z)
        z_(k+1) = z_k + s_k^2/2 grad log p(x, z_k) + T s_k eps,        eps ~ N(0, I)

    The decoder descends -log p(x|z_K) at the z_K that the chain ends at, which is a constant for
    it. T is the knob between the two things that z is for: cold chains (T < 1) look for the z that
    explains x best, so that the decoder learns to use it; at T = 1 they draw from p(z|x), and a
    decoder that can do without z will. A chain costs `steps` passes through the decoder and back.

    There is no q(z|x), and so no ELBO; what a model is worth, log p(x), is
    `evaluation.marginal_log_likelihood(model, x, "annealed_importance")`. The end of a chain has a
    change-of-variables formula in the literature, which is no likelihood: docs/short_run.md.

    Args:
        steps: K, at least 1. Default 20.
        step_sizes: s. "paper" (default) for 0.8, 0.7, 0.6, 0.5, 0.2, 0.2, 0.1, 0.1 and 0.05 from
            there on, in the unit of the prior's z; a number for all steps; a list of K numbers; or
            "adapt" for one that follows in training the rate at which Metropolis's rule accepts
            (or, not `adjusted`, would have), and is a weight, `log_step_size`.
        temperature: T, greater than 0, a number or a `Schedule`. Default 0.5.
        adjusted: whether proposals go by Metropolis's rule, which takes away the error of long
            steps. Default False, as in the paper.
        chains: over how many the code that stands for x is the mean, at least 1. Default 5.
        target_acceptance: that "adapt" goes for, between 0 and 1. Default 0.7.
        longest_drift: the length that s_k^2/2 grad log p(x, z_k) is cut to where it is longer, in
            units of s_k sqrt(d), the length of the noise at T = 1; None for any. Default 1: what
            chains that can converge hardly meet. Without, the rare z at which the gradient of a
            recurrent decoder is a hundred times the usual throws a chain out.

    Raises:
        ValueError, TypeError: naming the argument, what is allowed and what was received.

    Example:

    >>> import numpy as np
    >>> import keras_infovae as ki
    >>> inference = ki.inference.ShortRunLangevin(steps=5, step_sizes=0.3, temperature=1.0)
    >>> model = ki.LatentVariableModel(2, inference=inference, likelihood="normal", seed=0)
    >>> history = model.fit(np.zeros([8, 3], "float32"), epochs=1, verbose=0)
    >>> model.encode(np.zeros([4, 3], "float32")).shape, "elbo" in model.capabilities
    ((4, 2), False)

    References:
        Pang, Nijkamp, Han, Wu, Generative Text Modeling through Short Run Inference,
        arXiv:2106.02513, equation 7 and section 4 (the step sizes).
        Roberts and Tweedie, Exponential Convergence of Langevin Distributions and Their Discrete
        Approximations, Bernoulli 1996 (MALTA, whose gradients are cut).
        Nijkamp, Pang, Han, Zhou, Zhu, Wu, Learning Multi-layer Latent Variable Model via
        Variational Optimization of Short Run MCMC for Approximate Inference, arXiv:1912.01909.
    """

    needs_prior_density = True
    settable = ("step_sizes", *_CHECKS)

    def __init__(
        self,
        steps: int = 20,
        step_sizes: Any = "paper",
        temperature: float = 0.5,
        adjusted: bool = False,
        chains: int = 5,
        target_acceptance: float = 0.7,
        longest_drift: float | None = 1.0,
    ) -> None:
        super().__init__(dtype="float32")
        self.log_step_size = None
        self.step_sizes = None  # so that `steps` may be any number
        self.steps = steps
        self.step_sizes = step_sizes
        self.temperature = temperature
        self.adjusted = adjusted
        self.chains = chains
        self.target_acceptance = target_acceptance
        self.longest_drift = longest_drift

    def __setattr__(self, name, value):
        if name in _CHECKS:
            value = _CHECKS[name](name, value)
            sizes = self.step_sizes if name == "steps" else None
            if isinstance(sizes, (list, tuple)) and len(sizes) != value:
                raise argument_error(name, f"{len(sizes)}, one for each of `step_sizes`", value)
        elif name == "step_sizes" and value is not None:
            value = _check_step_sizes(value, self.steps)
            if value == "adapt" and self.built and self.log_step_size is None:
                expected = "'paper', a number or a list: no step size has been learned"
                raise argument_error(name, expected, value)
        super().__setattr__(name, value)

    def build(self, event_shape: Shape, condition_size: int, latent_dim: int) -> None:
        if self.step_sizes == "adapt":
            self.log_step_size = self.add_weight(
                name="log_step_size",
                shape=(),
                initializer=keras.initializers.Constant(math.log(_FIRST_ADAPTED)),
                trainable=False,
                aggregation="only_first_replica",
            )
        self.built = True

    def save_own_variables(self, store: Any) -> None:
        """Writes the learned step size where it is the one that chains go by."""
        if self.step_sizes == "adapt":
            super().save_own_variables(store)

    def load_own_variables(self, store: Any) -> None:
        """Reads what `save_own_variables` wrote."""
        if self.step_sizes == "adapt":
            super().load_own_variables(store)

    def scheduled(self) -> dict[str, Any]:
        return {"temperature": self.temperature}

    def run(self, joint: Joint, seeds: Tensor, num_samples: int = 1) -> tuple[Any, Any]:
        """Returns the end of the chains, a `samplers.Point` of [num_samples, n], and their `Info`.

        Args:
            joint, seeds, num_samples: as for `draw_rows`.

        Returns:
            z, log p(x, z) and its gradient at the end; and of each step the probability with which
            Metropolis's rule accepts it, and log p(x, z), [steps, num_samples, n].
        """
        # Streams that `generate` does not draw from: a chain would begin at the z that an example
        # of the same seed was made of.
        of_start, of_noise = fold_in(seeds, 2), fold_in(seeds, 3)
        start = tf.cast(draw_rows(joint.start, of_start, num_samples), tf.float32)
        density = with_gradient(joint.log_prob)
        return run_chain(
            mala_step if self.adjusted else langevin_step,
            density,
            density(start),
            self.steps,
            self._sizes(),
            row_noise(of_noise, start.shape[-1:], num_samples),
            temperature=tf.convert_to_tensor(joint.value_of(self.temperature), tf.float32),
            longest_drift=self.longest_drift,
        )

    def _sizes(self):
        if self.step_sizes == "adapt":
            return tf.exp(self.log_step_size)
        if self.step_sizes == "paper":
            rest = self.steps - len(_PAPER)
            return [*_PAPER, *[0.05] * rest] if rest >= 0 else list(_PAPER[: self.steps])
        return self.step_sizes

    def point(self, joint: Joint) -> Tensor:
        return tf.reduce_mean(self._repeated(joint, self.chains), axis=0)

    def draw_rows(self, joint: Joint, seeds: Tensor, num_samples: int = 1) -> Tensor:
        return self.run(joint, seeds, num_samples)[0].z

    def draw_codes(self, joint: Joint, seed: Tensor, num_samples: int = 1) -> Codes:
        seeds = reductions.seeds_of_rows(seed, joint.size)
        end, info = self.run(joint, seeds, num_samples)
        if joint.training and self.step_sizes == "adapt":
            # Between chains, so that each keeps its target.
            acceptance = reductions.global_mean(tf.reduce_mean(info.acceptance, axis=[0, 1]))
            log_step_size = tf.convert_to_tensor(self.log_step_size)
            self.log_step_size.assign(
                adapt_step_size(log_step_size, acceptance, self.target_acceptance)
            )
        return Codes(end.z, reductions.gather_draws(end.z))

    @classmethod
    def from_config(cls, config: Config) -> "ShortRunLangevin":
        """Returns the inference that `get_config` described."""
        return cls(**deserialize_values(config))


def _check_step_sizes(step_sizes, steps):
    if isinstance(step_sizes, str):
        if step_sizes not in ("paper", "adapt"):
            raise argument_error("step_sizes", "'paper', 'adapt', a number or a list", step_sizes)
        return step_sizes
    if isinstance(step_sizes, (list, tuple)):
        if len(step_sizes) != steps:
            raise argument_error("step_sizes", f"a list of {steps}, one for each step", step_sizes)
        return check_numbers("step_sizes", step_sizes, exclusive_minimum=0)
    return check_number("step_sizes", step_sizes, exclusive_minimum=0)
