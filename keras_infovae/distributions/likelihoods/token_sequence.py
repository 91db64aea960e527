"""The likelihood of sequences of tokens, which end by themselves."""

import functools

import numpy as np
import tensorflow as tf

from keras_infovae.distributions.likelihoods.base import Likelihood
from keras_infovae.distributions.row_draws import draw_rows
from keras_infovae.typing import Distribution, Shape, Tensor
from keras_infovae.utils import probability as tfp
from keras_infovae.utils.checks import check_integer
from keras_infovae.utils.serialization import register

END = 0  # the number of the token that ends a sequence; what comes after it is filled up with it


@register
class TokenSequence(Likelihood):
    """The likelihood of sequences of tokens, x = [length] numbers from 0 to vocabulary_size - 1:

        log p(x|z) = sum_{i = 1}^{n} log softmax(decoder(z)_i)_{x_i},      n = min(end(x), length)

    Token 0 ends a sequence, counts itself, and fills up what comes after, which does not count. A
    sequence without a 0 is one that was cut at `length` tokens: its probability is that of all that
    begin with these. So the probabilities of all sequences, of n <= length tokens, add up to 1.

    Tokens have no mean: `decode` and `reconstruct` give the likeliest token at each position, for
    an autoregressive decoder given those that came before.

    Args:
        vocabulary_size: how many tokens there are, that of the end among them, at least 2.
            Default 2.

    Example:

    >>> import keras_infovae as ki
    >>> likelihood = ki.likelihoods.TokenSequence(vocabulary_size=3)
    >>> p = likelihood.distribution([[[0.0, 0.0, 0.0]] * 4])
    >>> p.log_prob([[2.0, 0.0, 0.0, 0.0]]).numpy().round(4)  # 2 tokens, of 3 each: 2 log(1 / 3)
    array([-2.1972], dtype=float32)
    """

    is_discrete = True
    minimum = 0.0
    accepts_integers = True
    network = "recurrent"
    out_of_range_advice = "The numbers of tokens are expected; ki.text.Text makes them of strings."

    def __init__(self, vocabulary_size: int = 2) -> None:
        super().__init__()
        self.vocabulary_size = check_integer("vocabulary_size", vocabulary_size, 2)

    @property
    def maximum(self) -> float | None:
        """The largest number of a token."""
        return float(self.vocabulary_size - 1)

    def check_event_shape(self, event_shape: Shape) -> None:
        if len(event_shape) != 1:
            raise ValueError(
                "The likelihood TokenSequence needs x of shape [length] per example, the numbers "
                f"of tokens. Received: x of shape {tuple(event_shape)} per example."
            )

    def parameter_shape(self, event_shape: Shape) -> Shape:
        return (*event_shape, self.vocabulary_size)

    def describes(self, x: Tensor) -> Tensor:
        return (x == tf.round(x)) & ((x == END) | (_counts(x) > 0))

    def check_values(self, name: str, x: np.ndarray) -> None:
        right = self.describes(tf.constant(x)).numpy()
        if np.all(right):
            return
        row = int(np.argmin(right.all(axis=1)))
        raise ValueError(
            f"Argument `{name}` must hold the numbers of tokens, and after a 0, which ends a "
            f"sequence, nothing but 0. Received: {name}[{row}] = {x[row][:12]}"
        )

    def feature_shape(self, event_shape: Shape) -> Shape:
        return (*event_shape, 1)

    def features(self, x: Tensor) -> Tensor:
        # Integers: half precision would round large numbers. An axis of its own for what is at one
        # position, to which conditions are appended.
        return tf.cast(x, tf.int32)[..., None]

    def lengths(self, x: Tensor) -> Tensor:
        """Returns how many tokens of each sequence count, with that of the end: float32 [...].

        Args:
            x: [..., length].
        """
        return tf.reduce_sum(_counts(x), axis=-1)

    def counted(self, x: Tensor) -> Tensor:
        return _counts(x) > 0

    def likeliest(self) -> "Likelihood | None":
        return _Likeliest(self.vocabulary_size)

    def whole(self, x: Tensor) -> Tensor:
        return tf.cast(x, tf.float32) * _counts(x)

    def distribution(self, parameters: Tensor, context: Tensor | None = None) -> Distribution:
        return _distribution_class()(tf.cast(parameters, tf.float32))

    def draw_rows(self, parameters: Tensor, seeds: Tensor, context: Tensor | None = None) -> Tensor:
        return draw_rows(self.distribution(parameters), seeds)


class _Likeliest(TokenSequence):
    """Draws the likeliest token at each position, whatever the seeds."""

    def draw_rows(self, parameters, seeds, context=None):
        return self.distribution(parameters).mode()


def _counts(x):
    """Returns 1 for tokens up to the first END, which is one of them, and 0 after: as x."""
    going_on = tf.cast(x != END, tf.float32)
    return tf.math.cumprod(going_on, axis=-1, exclusive=True)


@functools.cache
def _distribution_class():
    """Returns the class, made at first use: its base comes from TensorFlow Probability."""

    class Tokens(tfp.distributions.Distribution):
        """Sequences of tokens given their logits [n, length, vocabulary]; event shape [length]."""

        def __init__(self, logits):
            self._logits = logits
            super().__init__(
                dtype=tf.float32,
                reparameterization_type=tfp.distributions.NOT_REPARAMETERIZED,
                validate_args=False,
                allow_nan_stats=True,
                name="Tokens",
            )

        def log_prob_of_values(self, x):
            """Returns what each token adds to log p(x), [..., n, length]: 0 after the end."""
            numbers = tf.cast(x, tf.int32)
            shape = tf.concat([tf.shape(numbers), tf.shape(self._logits)[-1:]], axis=0)
            log_p = -tf.nn.sparse_softmax_cross_entropy_with_logits(
                labels=numbers, logits=tf.broadcast_to(self._logits, shape)
            )
            return log_p * _counts(x)

        def _log_prob(self, x):
            return tf.reduce_sum(self.log_prob_of_values(x), axis=-1)

        def _mode(self):
            best = tf.cast(tf.argmax(self._logits, axis=-1), tf.float32)
            return best * _counts(best)

        def _mean(self):
            return self._mode()  # tokens have no mean

        def _sample_n(self, n, seed=None):
            tokens = tfp.distributions.Categorical(logits=self._logits).sample(n, seed=seed)
            return self._whole(tokens)

        def sample_rows(self, seeds, num_samples=None):
            """Returns draws with a seed per row; `distributions.row_draws` documents them."""
            categories = tfp.distributions.Categorical(logits=self._logits)
            independent = tfp.distributions.Independent(categories, 1)
            return self._whole(draw_rows(independent, seeds, num_samples))

        def _whole(self, tokens):
            tokens = tf.cast(tokens, tf.float32)
            return tokens * _counts(tokens)

        def _batch_shape(self):
            return self._logits.shape[:-2]

        def _batch_shape_tensor(self):
            return tf.shape(self._logits)[:-2]

        def _event_shape(self):
            return self._logits.shape[-2:-1]

        def _event_shape_tensor(self):
            return tf.shape(self._logits)[-2:-1]

    return Tokens
