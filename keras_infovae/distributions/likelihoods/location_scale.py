"""The base of likelihoods that have a location and a scale per value."""

import math
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from keras_infovae.distributions.base import bounded_log
from keras_infovae.distributions.likelihoods.base import Likelihood
from keras_infovae.distributions.likelihoods.data_units import DataUnits
from keras_infovae.typing import Distribution, Shape, Tensor
from keras_infovae.utils import probability as tfp
from keras_infovae.utils.checks import check_boolean, check_choice, check_number
from keras_infovae.utils.follower import Follower

_LOG_SCALE_LIMIT = 7.0
_LEARNED_SCALES = ("global", "per_column", "per_value")
_SCALE_UPDATES = ("closed_form", "gradient")
_RATE = 0.05  # of the running mean: half of it are the last 14 steps
_LEAST_RATIO = 0.1  # by which one step may shrink a running mean


class LocationScale(Likelihood, Follower):
    """A likelihood of independent values x_i = m_i + s_i e_i, with the m_i given by the decoder.

    A member gives the distribution of the noise e in `values`, and `scale_power`. The arguments,
    and what they do, are those of `Normal`.

    A scale that is shared by D values of x follows its optimum given the decoder. With
    h(e) = -e d log f(e) / de of the density f of the noise (e^2 for the normal, |e| for Laplace,
    (v + 1) e^2 / (v + e^2) for Student's t), d log p(x|z) / d log s = sum_i h(e_i) - 1. So the mean
    of h over the batch and its values is 1 - g / D, where g is the gradient of the loss to log s,
    and the update

        s^p <- (1 - rate) s^p + rate s^p mean h(e)

    is a running mean of squared errors for the normal (p = 2), of absolute ones for Laplace
    (p = 1), and a step of expectation maximization for Student's t (p = 2).
    """

    scale_power = 2

    def __init__(
        self,
        scale: str | float = "global",
        minimum_scale: float = 0.01,
        scale_update: str = "closed_form",
        standardize: bool = True,
    ) -> None:
        super().__init__()
        if isinstance(scale, str):
            check_choice("scale", scale, _LEARNED_SCALES)
        else:
            scale = check_number("scale", scale, exclusive_minimum=0)
        self.scale = scale
        self.minimum_scale = check_number("minimum_scale", minimum_scale, exclusive_minimum=0)
        self.scale_update = check_choice("scale_update", scale_update, _SCALE_UPDATES)
        self.standardize = check_boolean("standardize", standardize)
        self.log_scale = None
        self.units = DataUnits(scale == "per_column") if self.standardize and self._learns else None
        self._values_per_scale = None

    @property
    def _learns(self):
        return self.scale in _LEARNED_SCALES

    @property
    def parameters_per_value(self) -> int:
        return 2 if self.scale == "per_value" else 1

    def build(self, event_shape: Shape) -> None:
        if self.scale in ("global", "per_column"):
            shape = () if self.scale == "global" else tuple(event_shape)[-1:]
            self._values_per_scale = math.prod(event_shape) / math.prod(shape)
            by_gradient = self.scale_update == "gradient"
            self.log_scale = self.add_weight(
                name="log_scale",
                shape=shape,
                initializer="zeros",
                trainable=by_gradient,
                aggregation="none" if by_gradient else "only_first_replica",
            )
        if self.units is not None and not self.units.built:
            self.units.build(event_shape)
        self.built = True

    def describes_positions(self, event_shape: Shape, axes: int) -> bool:
        return self.scale != "per_column" or len(event_shape) > axes

    # === Units ===

    def features(self, x: Tensor) -> Tensor:
        return x if self.units is None else self.units.standardized(x)

    def adapt(self, x: np.ndarray) -> None:
        if self.units is not None:
            self.units.learn(x)

    # === p(x|z) ===

    def values(self, location: Tensor, scale: Tensor) -> Distribution:
        """Returns the TFP distribution of each value; `scale` may be a scalar."""
        raise NotImplementedError(f"{type(self).__name__} does not define `values`")

    def shared_scale(self) -> Tensor | None:
        """Returns the scale that examples share, before `units`; None where there is none."""
        if self.scale == "per_value":
            return None
        if not self._learns:
            return self.scale
        if self.scale_update == "gradient":
            return self._bounded(self.log_scale)
        return tf.exp(tf.convert_to_tensor(self.log_scale))

    def distribution(self, parameters: Tensor, context: Tensor | None = None) -> Distribution:
        location = tf.cast(parameters, tf.float32)
        scale = self.shared_scale()
        if scale is None:
            location, log_scale = tf.unstack(location, axis=-1)
            scale = self._bounded(log_scale)
        if self.units is not None:
            location = self.units.offset + self.units.unit * location
            scale = self.units.unit * scale
        return tfp.distributions.Independent(self.values(location, scale), location.shape.rank - 1)

    def _bounded(self, log_scale):
        return self.minimum_scale + tf.exp(bounded_log(log_scale, _LOG_SCALE_LIMIT))

    # === The scale's own way to its optimum ===

    @property
    def followed_variables(self) -> list:
        follows = self.log_scale is not None and self.scale_update == "closed_form"
        return [self.log_scale] if follows else []

    def follow(self, gradients: Sequence[Tensor]) -> None:
        for gradient in gradients:
            if gradient is None:
                continue
            mean = 1.0 - gradient / self._values_per_scale
            ratio = tf.maximum(1.0 + _RATE * (mean - 1.0), _LEAST_RATIO)
            moved = self.log_scale + tf.math.log(ratio) / self.scale_power
            low, high = math.log(self.minimum_scale), _LOG_SCALE_LIMIT
            moved = tf.clip_by_value(moved, low, high)
            finite = tf.math.is_finite(gradient)
            self.log_scale.assign(tf.where(finite, moved, tf.convert_to_tensor(self.log_scale)))
