"""The base of likelihoods p(x|z)."""

import math

import numpy as np
import tensorflow as tf

from keras_infovae.distributions.base import DistributionLayer
from keras_infovae.distributions.row_draws import draw_rows
from keras_infovae.typing import Distribution, Shape, Tensor


class Likelihood(DistributionLayer):
    """A likelihood p(x|z), given by the numbers that the decoder puts out per example.

    A member says with `parameters_per_value` how many numbers each value of x needs (the decoder's
    output has the shape of x, with one more axis at the end when there are several), and with
    `minimum` and `maximum`, `check_event_shape` and `check_values` which data it can describe.

    Three methods let a member ask for more than z: `features` is what the encoder sees of x,
    `context` what p(x|z) is told of x besides z (the library size of counts), and `adapt` what is
    learned of the training data before training. The defaults are x itself, nothing and nothing.
    """

    parameters_per_value = 1
    minimum = None
    maximum = None
    out_of_range_advice = ""
    accepts_integers = False  # whether integer arrays are taken as they are: counts, categories
    context_size = 0  # how many numbers per example `context` gives
    accepts_missing = False  # whether values of x may be missing, NaN
    is_discrete = False  # whether p(x|z) is a probability rather than a density
    network = None  # the name of the networks that suit x; None: by the shape of x

    def build(self, event_shape: Shape) -> None:
        """Makes the weights, if there are any."""
        self.built = True

    def parameter_shape(self, event_shape: Shape) -> Shape:
        """Returns the shape, a tuple, of the decoder's output for one x of `event_shape`."""
        several = () if self.parameters_per_value == 1 else (self.parameters_per_value,)
        return tuple(event_shape) + several

    def check_event_shape(self, event_shape: Shape) -> None:
        """Raises ValueError when x of `event_shape` per example cannot be described."""

    def describes_positions(self, event_shape: Shape, axes: int) -> bool:
        """Returns whether what is at one position of x can be described without the rest of x.

        A decoder that reads x describes, and draws, one position after another. A member says
        False where its values or its weights belong to several positions. Default True.

        Args:
            event_shape: the shape of one x.
            axes: how many of its first axes are positions, at least 1.
        """
        return True

    def is_probability(self, event_shape: Shape) -> np.ndarray:
        """Returns of which values of x p(x|z) is a probability, not a density: NumPy bool."""
        return np.full(event_shape, self.is_discrete)

    def dimensions(self, event_shape: Shape) -> int:
        """Returns how many variables x of `event_shape` describes: an int, its number of values."""
        return math.prod(event_shape)

    def check_range(self, name: str, x: np.ndarray) -> None:
        """Raises ValueError unless all of the array `x`, finite, is in [minimum, maximum]."""
        low, high = float(np.min(x)), float(np.max(x))
        too_low = self.minimum is not None and low < self.minimum
        too_high = self.maximum is not None and high > self.maximum
        if not (too_low or too_high):
            return
        if self.maximum is None:
            allowed = f"be at least {self.minimum:g}"
        elif self.minimum is None:
            allowed = f"be at most {self.maximum:g}"
        else:
            allowed = f"lie in [{self.minimum:g}, {self.maximum:g}]"
        raise ValueError(
            f"Argument `{name}` must {allowed} for the likelihood {type(self).__name__}. "
            f"Received: values from {low:.9g} to {high:.9g}. {self.out_of_range_advice}"
        )

    def describes(self, x: Tensor) -> Tensor:
        """Returns whether `x` holds what its range does not tell: bool, with n as its first axis.

        Args:
            x: tensor float32 [n, *event_shape], finite and within [minimum, maximum]. It may be
                symbolic: servers ask too. Default: true for each value.
        """
        return tf.ones_like(x, tf.bool)

    def check_values(self, name: str, x: np.ndarray) -> None:
        """Raises ValueError where `describes` is false, such as for half a count.

        Args:
            name: the argument's name, for the error.
            x: NumPy float32 [n, *event_shape], finite and within [minimum, maximum].
        """

    def filled(self, x: Tensor) -> Tensor:
        """Returns `x` with a value that it could have in the place of each that is missing (NaN).

        Args:
            x: tensor or array float32 [n, *event_shape].
        """
        x = tf.convert_to_tensor(x)
        return tf.where(tf.math.is_nan(x), tf.zeros_like(x), x)

    def tells_missing(self, event_shape: Shape) -> np.ndarray:
        """Returns of which values of x the encoder is told that they are missing: NumPy bool."""
        return np.zeros(event_shape, bool)

    def feature_shape(self, event_shape: Shape) -> Shape:
        """Returns the shape, a tuple, of what the encoder sees of one x. Default that of x."""
        return tuple(event_shape)

    def features(self, x: Tensor) -> Tensor:
        """Returns what the encoder sees of the tensor `x`, [n, *feature_shape]."""
        return x

    def counted(self, x: Tensor) -> Tensor | None:
        """Returns which positions of `x` log p(x|z) depends on, booleans [n, length].

        A decoder need not describe the others. Default None: all of them.
        """
        return None

    def likeliest(self) -> "Likelihood | None":
        """Returns a likelihood whose draws are the likeliest values, where x has no mean.

        Default None: x has a mean, which stands for it.
        """
        return None

    def whole(self, x: Tensor) -> Tensor:
        """Returns draws x [n, *event_shape], made position by position, as what an x is."""
        return x

    def context(self, x: Tensor) -> Tensor | None:
        """Returns what p(x|z) is told of the tensor `x`, [n, context_size], or None for nothing."""
        return None

    def adapt(self, x: np.ndarray) -> None:
        """Learns what has to be known of the training data, NumPy `x` [n, *event_shape].

        `fit` calls it once, before training and after `build`.
        """

    def distribution(self, parameters: Tensor, context: Tensor | None = None) -> Distribution:
        """Returns p(x|z), a TFP distribution: batch shape [n], event shape that of x.

        `log_prob` is in nats per example, summed over all axes of x; `mean` and `sample` are in the
        unit of x.

        Args:
            parameters: [n, *parameter_shape], the decoder's output.
            context: what `context` gives for the same examples, or None where x is not known, as
                for new examples.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define `distribution`")

    def draw_rows(self, parameters: Tensor, seeds: Tensor, context: Tensor | None = None) -> Tensor:
        """Returns one draw of x for each row, by a seed of its own: [n, *event_shape].

        Args:
            parameters, context: as for `distribution`.
            seeds: int32 [n, 2].
        """
        return draw_rows(self.distribution(parameters, context), seeds)
