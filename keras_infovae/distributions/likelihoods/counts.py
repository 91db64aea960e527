"""The base of likelihoods of counts."""

import numpy as np
import tensorflow as tf

from keras_infovae.distributions.base import bounded_log
from keras_infovae.distributions.likelihoods import count_moments
from keras_infovae.distributions.likelihoods.base import Likelihood
from keras_infovae.typing import Shape, Tensor
from keras_infovae.utils.checks import argument_error

_LOG_MEAN_LIMIT = 20.0  # means lie between exp(-20) = 2e-9 and exp(20) = 5e8
_BY_ADAPT = {"trainable": False, "aggregation": "only_first_replica"}


class CountLikelihood(Likelihood):
    """A likelihood of counts 0, 1, 2, ..., with the mean of each given by the decoder.

    A member uses `log_mean`. The encoder sees log(1 + x), since counts spread over orders of
    magnitude.

    Args:
        library_size: None (default): the mean is exp(decoder(z)), kept within 2e-9 and 5e8 by a
            smooth bound.
            `"observed"`: the mean is l softmax(log w + decoder(z)), where l, the library size, is
            the sum of the counts of the example; z then describes shares alone, as is usual for
            gene expression. w are the shares of the training data, learned by the first `fit`
            (before it, all the same), so that a decoder begins with what is typical. New examples
            have the typical library size, the median of the training data.
    """

    is_discrete = True
    minimum = 0.0
    out_of_range_advice = "Counts are never negative; use likelihood='normal' for real values."
    accepts_integers = True

    def __init__(self, library_size: str | None = None) -> None:
        super().__init__()
        if not (library_size is None or str(library_size) == "observed"):
            raise argument_error("library_size", "None or 'observed'", library_size)
        self.library_size = library_size
        self.typical_library_size, self.log_shares, self.is_adapted = None, None, None

    @property
    def context_size(self) -> int:
        return 0 if self.library_size is None else 1

    def build(self, event_shape: Shape) -> None:
        if self.library_size == "observed":
            self.typical_library_size = self.add_weight(
                name="typical_library_size", shape=(), initializer="ones", **_BY_ADAPT
            )
            self.log_shares = self.add_weight(
                name="log_shares", shape=tuple(event_shape), initializer="zeros", **_BY_ADAPT
            )
        if self.weights:
            self.is_adapted = self.add_weight(
                name="is_adapted", shape=(), initializer="zeros", **_BY_ADAPT
            )
        self.built = True

    def describes_positions(self, event_shape: Shape, axes: int) -> bool:
        return self.library_size is None  # the shares of all positions add up to 1

    def describes(self, x: Tensor) -> Tensor:
        return x == tf.round(x)

    def check_values(self, name: str, x: np.ndarray) -> None:
        whole = self.describes(tf.constant(x)).numpy()
        if np.all(whole):
            return
        first = tuple(int(i) for i in np.unravel_index(np.argmin(whole), whole.shape))
        raise ValueError(
            f"Argument `{name}` must hold counts, whole numbers, for the likelihood "
            f"{type(self).__name__}. Received: {name}{list(first)} = {x[first]:g}. Give the counts "
            "before any scaling or logarithm, or use likelihood='normal' for real values."
        )

    def features(self, x: Tensor) -> Tensor:
        return tf.math.log1p(tf.cast(x, tf.float32))

    def context(self, x: Tensor) -> Tensor | None:
        if self.library_size is None:
            return None
        # An example without any count has a library size of 1: its means need a logarithm.
        return tf.maximum(_sum_per_example(tf.cast(x, tf.float32)), 1.0)

    def adapt(self, x: np.ndarray) -> None:
        if self.library_size == "observed":
            sums = np.sum(x, axis=tuple(range(1, np.ndim(x))), dtype="float64")
            self.typical_library_size.assign(max(float(np.median(sums)), 1.0))
        # Once: what a network has learned is in terms of these.
        if self.is_adapted is not None and not float(self.is_adapted.numpy()):
            self.learn_moments(x)
            self.is_adapted.assign(1.0)

    def learn_moments(self, x: np.ndarray) -> None:
        """Learns what training starts from, of the first training data, NumPy [n, *event_shape]."""
        if self.library_size == "observed":
            self.log_shares.assign(np.log(count_moments.shares(x)))

    def log_mean(self, values: Tensor, context: Tensor) -> Tensor:
        """Returns the logarithms of the means, of the shape of `values` [n, *event_shape].

        Args:
            values: the decoder's output, one number per value of x.
            context: library sizes [n, 1], or None for the typical one.
        """
        if self.library_size is None:
            return bounded_log(values, _LOG_MEAN_LIMIT)
        library = self.typical_library_size if context is None else context
        values = self.log_shares + tf.cast(values, tf.float32)
        flat = tf.reshape(values, [tf.shape(values)[0], -1])
        log_mean = tf.math.log(library) + tf.nn.log_softmax(flat)
        return tf.reshape(log_mean, tf.shape(values))


def _sum_per_example(x):
    return tf.reduce_sum(tf.reshape(x, [tf.shape(x)[0], -1]), axis=1, keepdims=True)
