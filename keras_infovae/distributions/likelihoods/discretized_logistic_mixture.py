"""The likelihood of 8-bit images: mixtures of logistic distributions, rounded to levels."""

import functools
import math

import numpy as np
import tensorflow as tf

from keras_infovae.distributions.base import bounded_log
from keras_infovae.distributions.likelihoods import discretized_logistic
from keras_infovae.distributions.likelihoods.base import Likelihood
from keras_infovae.distributions.row_draws import category_at
from keras_infovae.typing import Distribution, Shape, Tensor
from keras_infovae.utils import probability as tfp
from keras_infovae.utils import row_random
from keras_infovae.utils.checks import check_integer
from keras_infovae.utils.serialization import register

_LOG_SCALE_LIMIT = 7.0
_COLORS = 3


@register
class DiscretizedLogisticMixture(Likelihood):
    """The likelihood of PixelCNN++, for images whose values are levels, x = level / 255:

        log p(x|z) = sum over pixels of log sum_k w_k prod over channels c of P_kc(level_c)

        P_kc(level) = sigmoid((level + 1/2 - m_kc) / s_kc) - sigmoid((level - 1/2 - m_kc) / s_kc)

    with the first sigmoid 1 at level 255 and the second 0 at level 0, so that each pixel has
    probabilities that add up to 1: log p(x|z) is exact, and -log2 p(x|z) / values are the bits per
    dimension of the literature. In color images [height, width, 3], the location m of green moves
    with red, and that of blue with red and green, by learned coefficients in (-1, 1).

    The decoder gives, in units where the levels span [-1, 1], per value of x (or per pixel of a
    color image) num_components each of: logits of w; locations; log scales; coefficients. That
    is [..., 3 * num_components], and [height, width, 10 * num_components] for color, where
    locations and log scales go channel by channel, and the coefficients are those of
    red in green, red in blue, green in blue.

    The mean is exact (to 1e-2 levels) but for the dependence of colors: there it is taken at the
    mean of the channels before, which is exact as far as no value is cut off at 0 or 1.

    Args:
        num_components: k, the number of logistic distributions per pixel. Default 10.
        num_levels: number of levels, x = level / (num_levels - 1). Default 256.

    Raises:
        ValueError, TypeError: when `num_components` is not an integer of at least 1, or
            `num_levels` not one of at least 2.

    Example:

    >>> import keras_infovae as ki
    >>> likelihood = ki.likelihoods.DiscretizedLogisticMixture(num_components=5)
    >>> likelihood.parameter_shape((32, 32, 3)), likelihood.parameter_shape((28, 28, 1))
    ((32, 32, 50), (28, 28, 1, 15))

    References:
        Salimans et al., PixelCNN++: Improving the PixelCNN with Discretized Logistic Mixture
        Likelihood and Other Modifications, arXiv:1701.05517, equations 1 to 3.
    """

    is_discrete = True
    minimum = 0.0
    maximum = 1.0
    out_of_range_advice = "Divide 8-bit images by 255."

    def __init__(self, num_components: int = 10, num_levels: int = 256) -> None:
        super().__init__()
        self.num_components = check_integer("num_components", num_components)
        self.num_levels = check_integer("num_levels", num_levels, minimum=2)

    def parameter_shape(self, event_shape: Shape) -> Shape:
        event_shape = tuple(event_shape)
        if len(event_shape) == 3 and event_shape[-1] == _COLORS:
            return event_shape[:-1] + (self.num_components * _sets(_COLORS),)
        return event_shape + (self.num_components * _sets(1),)

    def describes(self, x: Tensor) -> Tensor:
        levels = x * (self.num_levels - 1)
        return tf.abs(levels - tf.round(levels)) <= 1e-2

    def check_values(self, name: str, x: np.ndarray) -> None:
        last = self.num_levels - 1
        wrong = ~self.describes(tf.constant(x)).numpy()
        if not np.any(wrong):
            return
        first = tuple(int(i) for i in np.unravel_index(np.argmax(wrong), wrong.shape))
        raise ValueError(
            f"Argument `{name}` must hold levels divided by {last} for the likelihood "
            f"DiscretizedLogisticMixture: {name} * {last} whole numbers. Received: "
            f"{name}{list(first)} = {x[first]:g}. Set `num_levels` to the number of gray levels "
            "of the images, or choose likelihood='continuous_bernoulli' for values in between."
        )

    def distribution(self, parameters: Tensor, context: Tensor | None = None) -> Distribution:
        parameters = tf.cast(parameters, tf.float32)
        is_color = parameters.shape[-1] == self.num_components * _sets(_COLORS)
        channels = _COLORS if is_color else 1
        logits, locations, log_scales, coefficients = (
            tf.split(part, part.shape[-1] // self.num_components, axis=-1) if part.shape[-1] else []
            for part in tf.split(parameters, self._sizes(channels), axis=-1)
        )
        half = 0.5 * (self.num_levels - 1)  # from [-1, 1] to levels
        return _distribution_class()(
            logits=logits[0],
            locations=[half * (1.0 + location) for location in locations],
            log_scales=[
                bounded_log(log_scale, _LOG_SCALE_LIMIT) + math.log(half)
                for log_scale in log_scales
            ],
            coefficients=[tf.tanh(coefficient) for coefficient in coefficients],
            num_levels=self.num_levels,
        )

    def _sizes(self, channels):
        pairs = channels * (channels - 1) // 2
        return [self.num_components * sets for sets in (1, channels, channels, pairs)]


def _sets(channels):
    """Returns how many numbers per component and pixel: weight, locations, scales, coefficients."""
    return 1 + 2 * channels + channels * (channels - 1) // 2


@functools.cache
def _distribution_class():
    """Returns the class of the distribution, made at first use because TFP is imported late."""
    tfd = tfp.distributions

    class LogisticMixture(tfd.Distribution):
        """p(x|z): parameters [n, *pixels, components], one tensor per channel or pair of them.

        Without coefficients there is one channel, and x has no axis for it.
        """

        def __init__(self, logits, locations, log_scales, coefficients, num_levels):
            self._logits = logits
            self._locations = locations
            self._log_scales = log_scales
            self._coefficients = coefficients
            self._num_levels = num_levels
            super().__init__(
                dtype=tf.float32,
                reparameterization_type=tfd.NOT_REPARAMETERIZED,
                validate_args=False,
                allow_nan_stats=False,
            )

        def _batch_shape(self):
            return self._logits.shape[:1]

        def _batch_shape_tensor(self):
            return tf.shape(self._logits)[:1]

        def _event_shape(self):
            colors = [] if len(self._locations) == 1 else [len(self._locations)]
            return tf.TensorShape(self._logits.shape[1:-1] + colors)

        def _event_shape_tensor(self):
            return tf.constant(self._event_shape().as_list(), tf.int32)

        def _location(self, channel, locations, coefficients, earlier):
            """Returns the locations of a channel, given the levels of the channels before it."""
            location = locations[channel]
            first = channel * (channel - 1) // 2
            for coefficient, level in zip(coefficients[first:], earlier):
                location += coefficient * (level - 0.5 * (self._num_levels - 1))
            return location

        def _log_prob(self, x):
            levels = tf.round(x * (self._num_levels - 1.0))
            channels = [levels] if len(self._locations) == 1 else tf.unstack(levels, axis=-1)
            channels = [level[..., tf.newaxis] for level in channels]  # beside the components
            total = tf.nn.log_softmax(self._logits)
            for i, level in enumerate(channels):
                total += discretized_logistic.log_probability(
                    level,
                    self._location(i, self._locations, self._coefficients, channels[:i]),
                    self._log_scales[i],
                    self._num_levels,
                )
            per_pixel = tf.reduce_logsumexp(total, axis=-1)
            pixels = range(-(self._logits.shape.rank - 2), 0)
            return tf.reduce_sum(per_pixel, axis=list(pixels))

        def _mean(self):
            means = []
            for i, log_scale in enumerate(self._log_scales):
                location = self._location(i, self._locations, self._coefficients, means)
                means.append(discretized_logistic.mean(location, log_scale, self._num_levels))
            weights = tf.nn.softmax(self._logits)
            return self._to_x([tf.reduce_sum(weights * mean, axis=-1) for mean in means])

        def _sample_n(self, n, seed=None):
            count = self._batch_shape_tensor()[0]
            seeds = row_random.seeds_of_rows(tfp.random.sanitize_seed(seed), 0, count)
            return self.sample_rows(seeds, n)

        def sample_rows(self, seeds, num_samples=None):
            """Returns draws with a seed per row; `distributions.row_draws` documents them."""
            shape = [1 + len(self._locations), *self._logits.shape[1:-1]]
            uniform = row_random.uniform(seeds, shape, num_samples)
            which, *uniform = tf.unstack(uniform, axis=1 if num_samples is None else 2)
            chosen = tf.one_hot(category_at(which, self._logits), self._logits.shape[-1])

            def choose(parameters):
                return [tf.reduce_sum(chosen * values, axis=-1) for values in parameters]

            locations = choose(self._locations)
            log_scales = choose(self._log_scales)
            coefficients = choose(self._coefficients)
            levels = []
            for i, log_scale in enumerate(log_scales):
                location = self._location(i, locations, coefficients, levels)
                levels.append(
                    discretized_logistic.quantile(uniform[i], location, log_scale, self._num_levels)
                )
            return self._to_x(levels)

        def _to_x(self, levels):
            x = levels[0] if len(levels) == 1 else tf.stack(levels, axis=-1)
            return x / (self._num_levels - 1.0)

    return LogisticMixture
