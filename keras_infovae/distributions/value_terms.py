"""What each value of x adds to log p(x|z), where values are independent given z."""

import tensorflow as tf

from keras_infovae.utils import probability as tfp
from keras_infovae.utils.checks import argument_error


def log_prob_of_values(distribution, x):
    """Returns log p_i(x_i) of each value, float32 of the shape of x; their sum is log p(x).

    A value that is NaN was not observed and adds 0, which integrates it out. Of a variable of
    several columns (one-hot categories) the column that is 1 has all of it; it is observed where
    all of its columns are.

    Args:
        distribution: a TFP distribution with batch shape [n] that is made of `Blockwise` and
            `Independent` over distributions of one variable; one with a method of this name; or
            one with `conditionals`, of each value given those before it.
        x: [..., n, *event_shape].

    Raises:
        ValueError: for a distribution whose values are not independent.
    """
    own = getattr(distribution, "log_prob_of_values", None)
    if own is not None:
        return own(x)
    if hasattr(distribution, "conditionals"):
        x = tf.cast(x, tf.float32)
        return log_prob_of_values(distribution.conditionals(x), x)
    tfd = tfp.distributions
    if isinstance(distribution, _plain(tfd.Blockwise)):
        parts = distribution.parameters["distributions"]
        values = tf.split(x, [part.event_shape[0] for part in parts], axis=-1)
        terms = [log_prob_of_values(part, value) for part, value in zip(parts, values)]
        return tf.concat(terms, axis=-1)
    if isinstance(distribution, _plain(tfd.Independent)):
        return log_prob_of_values(distribution.distribution, x)
    if isinstance(distribution, tfd.OneHotCategorical):
        return _of_one_hot(distribution, x)
    if distribution.event_shape.rank == 0:
        return _of_values(distribution, x)
    raise argument_error(
        "likelihood", "of values that are independent given z", type(distribution).__name__
    )


def _plain(cls):
    """Returns the class of which TFP makes instances where a part is of no class of its own."""
    return next(base for base in cls.__mro__ if base.__name__ == f"_{cls.__name__}")


def _of_values(variables, x):
    missing = tf.math.is_nan(x)
    # The value in its place must have a finite density and gradient, or 0 times them is NaN.
    filled = tf.where(missing, tf.stop_gradient(tf.cast(variables.mean(), x.dtype)), x)
    return tf.where(missing, 0.0, tf.cast(variables.log_prob(filled), tf.float32))


def _of_one_hot(variables, x):
    missing = tf.reduce_any(tf.math.is_nan(x), axis=-1, keepdims=True)
    log_probabilities = tf.nn.log_softmax(variables.logits_parameter())
    # Not 0 * log p where log p is -inf.
    chosen = tf.where(missing, tf.zeros_like(x), x) > 0.0
    return tf.where(chosen, log_probabilities, 0.0)
